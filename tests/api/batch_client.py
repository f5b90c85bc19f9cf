"""A client of a front end that sends batches; and the sweeper and the worker that carry them on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import SecretStr
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from shared.batches.tables import batch_items, batches
from shared.errors import ErrorCode
from shared.job import Job, Queue
from shared.messaging.broker import Broker
from shared.wire.contract import Category
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error
from tests.webhook_receiver import SECRET
from worker.sweeper.batch_keeper import BatchKeeper
from worker.sweeper.queue_room import QueueRoom

PATH = "/v1/batches"
JSON_LINES, CSV = "application/jsonl", "text/csv"
CHANGES = {
    "image_url": True,
    "direct_uploads": True,
    "webhook_secrets": SecretStr(SECRET),
    "batch_window": 1000,
}


def item(number: int, **more: Any) -> dict[str, Any]:
    return {
        "image_url": f"https://photos.example/{number}.jpg",
        "reference": f"SKU-{number}",
        **more,
    }


def jsonl(items: Iterable[object]) -> bytes:
    return "".join(json.dumps(it) + "\n" for it in items).encode()


def post(
    front_end: FrontEnd,
    body: bytes,
    content_type: str = JSON_LINES,
    query: str = "",
    **headers: str,
) -> TestResponse:
    return front_end.post_raw(body, content_type, PATH + query, **headers)


def taken(answer: TestResponse) -> str:
    assert answer.status_code == 202, answer.text
    batch_id = str(answer.get_json()["data"]["batch_id"])
    assert answer.headers["Location"] == f"{PATH}/{batch_id}"
    return batch_id


def sent(front_end: FrontEnd, count: int = 3) -> str:
    return taken(post(front_end, jsonl(item(number) for number in range(1, count + 1))))


def get(front_end: FrontEnd, path: str, **query: str) -> TestResponse:
    return front_end.client().get(
        f"{PATH}/{path}", query_string=query, headers=front_end.headers, buffered=True
    )


def data(answer: TestResponse) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.get_json()["data"]


def read_lines(answer: TestResponse) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == JSON_LINES
    return [json.loads(line) for line in answer.data.splitlines()]


def sweep(front_end: FrontEnd) -> None:
    services = front_end.services
    keeper = BatchKeeper(
        batches=services.batches,
        job_store=services.job_store,
        broker=cast("Broker", front_end.broker),
        window=front_end.settings.batch_window,
        room=QueueRoom(
            job_store=services.job_store,
            key_store=services.key_store,
            max_queued_per_tenant=1000,
            max_queued=1000,
        ),
        prune_after=cast("Any", None),
    )
    keeper.move_on()
    keeper.move_on()


def claim(front_end: FrontEnd) -> Job:
    job = front_end.services.job_store.claim(Queue.BULK, "worker")
    assert job is not None
    return job


def succeed(front_end: FrontEnd, shown: Mapping[Category, bool] | None = None) -> Job:
    job = claim(front_end)
    for picture in ("image", *(category for category, seen in (shown or {}).items() if seen)):
        front_end.object_store.put_result(job.lease, picture, picture.encode())
    assert front_end.services.job_store.complete(job.lease, shown or {})
    return job


def fail(front_end: FrontEnd, code: ErrorCode = ErrorCode.FILE_DECODING_FAILURE) -> Job:
    job = claim(front_end)
    assert front_end.services.job_store.fail(job.lease, code, "It is damaged.")
    return job


def count_items(front_end: FrontEnd) -> int:
    """Count the items of batches that were not given up."""
    kept = select(batches.c.id).where(batches.c.status != "discarded")
    rows = select(func.count()).select_from(batch_items).where(batch_items.c.batch_id.in_(kept))
    with front_end.services.database.reading() as connection:
        return int(connection.execute(rows).scalar_one())


def wrong_lines(answer: TestResponse) -> list[tuple[int, str]]:
    assert_error(answer, 422, ErrorCode.BATCH_REFUSED)
    return [(it["line"], it["code"]) for it in answer.get_json()["lines"]]
