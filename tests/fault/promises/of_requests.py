"""What happens to requests: a message that comes twice, another customer's import, photos that cannot be cut out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import httpx
from PIL import Image

from shared.errors import ErrorCode
from shared.job import JobStatus
from shared.sql.database import Database
from shared.tenants.key_store import KeyStore
from tests.conditions import eventually
from tests.end_to_end.client import CUTOUT, submit
from tests.fault.promises.promise import Finding
from tests.fault.promises.stand import PHOTO, Stand
from tests.pictures import encoded

_COPIES = 5
_IMPORTED = 1000
_POSTS_AT_ONCE = 8
_SINGLE_JOBS = 10
#: Of the other tenant's, between a job's post and its start: those that run, and one a hand before its turn.
_MOST_BEFORE = 4


def a_message_comes_twice(stand: Stand) -> Iterator[Finding]:
    task_id = submit(stand.url, PHOTO)
    with stand.redis() as client:
        [message] = cast("list[bytes]", client.lrange("bulk", 0, -1))
        client.lpush("bulk", *[message] * (_COPIES - 1))
    stand.start_real_worker()
    [row] = stand.wait_until_done([task_id])
    eventually(lambda: stand.logs().count("message.ignored") == _COPIES - 1)
    is_right = (row.status, row.attempt) == (JobStatus.SUCCEEDED, 1)
    yield Finding(
        f"its message {_COPIES} times",
        None,
        "" if is_right else f"{row.status} in {row.attempt} attempts",
    )


def another_customer_imports(stand: Stand) -> Iterator[Finding]:
    database = Database(stand.settings.database_url)
    shop, importer = (KeyStore(database).create(name)[1] for name in ("shop", "importer"))
    database.close()
    stand.start_real_worker()
    stand.wait_until_done([_post(stand, shop)])
    alone = [_single(stand, shop) for _ in range(_SINGLE_JOBS)]
    with ThreadPoolExecutor(_POSTS_AT_ONCE) as pool:
        list(pool.map(lambda _: _post(stand, importer), range(_IMPORTED)))
    waiting = sum(row.status == JobStatus.QUEUED for row in stand.rows())
    behind = [_single(stand, shop) for _ in range(_SINGLE_JOBS)]
    rows = stand.rows()
    most = max(_started_before(row, rows) for row in behind)
    yield Finding(f"slowest of {_SINGLE_JOBS} jobs, alone", max(map(_took, alone)))
    yield Finding(
        f"slowest of {_SINGLE_JOBS} jobs behind {waiting} of another tenant",
        max(map(_took, behind)),
        "" if most <= _MOST_BEFORE else f"{most} of the other tenant's were started before one",
    )


def a_photo_is_damaged(stand: Stand) -> Iterator[Finding]:
    stand.start_free_worker()
    for kind, photo, right in (
        ("half of a JPEG", PHOTO[: len(PHOTO) // 2], ErrorCode.FILE_DECODING_FAILURE),
        (
            "one colour",
            encoded(Image.new("RGB", (128, 128), (90, 90, 90))),
            ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED,
        ),
    ):
        [row] = stand.wait_until_done([submit(stand.url, photo)])
        is_right = (row.status, row.error_code, row.attempt) == (JobStatus.FAILED, right, 1)
        trouble = "" if is_right else f"{row.status} {row.error_code} after {row.attempt}"
        yield Finding(f"{kind}, until it has failed", _took(row), trouble)


def _post(stand: Stand, key: str) -> str:
    answer = httpx.post(
        stand.url + CUTOUT,
        headers={"ailabapi-api-key": key},
        data={"task_type": "async"},
        files={"image": PHOTO},
        timeout=60,
    )
    answer.raise_for_status()
    return str(answer.json()["task_id"])


def _single(stand: Stand, key: str) -> Any:
    [row] = stand.wait_until_done([_post(stand, key)])
    return row


def _started_before(row: Any, rows: list[Any]) -> int:
    return sum(
        other.tenant != row.tenant
        and other.started_at is not None
        and row.created_at < other.started_at < row.started_at
        for other in rows
    )


def _took(row: Any) -> float:
    return float((row.finished_at - row.created_at).total_seconds())
