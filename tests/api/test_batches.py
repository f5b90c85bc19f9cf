"""Batches: what is sent in, what is refused, and what can be read while it runs and afterwards."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, cast
from zipfile import ZipFile

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from api.intake import batch as intake
from api.intake import lines
from api.intake.direct_upload import new_upload_id
from shared.api_key import Terms
from shared.batches.tables import batch_items, batches
from shared.broker import Broker
from shared.contract import Category
from shared.errors import ErrorCode
from shared.job import Job, JobStatus, Queue
from tests.api.conftest import FrontEnd, Logged
from tests.api.envelope_check import assert_error
from tests.webhook_receiver import SECRET
from worker.sweeper.batch_keeper import BatchKeeper

PATH = "/v1/batches"
JSON_LINES, CSV = "application/jsonl", "text/csv"
CHANGES = {
    "image_url": True,
    "direct_uploads": True,
    "webhook_secrets": SecretStr(SECRET),
    "batch_window": 1000,
}


@pytest.fixture
def changes() -> Mapping[str, Any]:
    return CHANGES


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
    keeper = BatchKeeper(
        batches=front_end.services.batches,
        job_store=front_end.services.job_store,
        broker=cast("Broker", front_end.broker),
        window=front_end.settings.batch_window,
        max_queued_per_tenant=1000,
        max_queued=1000,
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


# What is sent in


def test_lines_of_json_become_a_batch_of_which_nothing_is_in_the_queue_yet(
    front_end: FrontEnd,
) -> None:
    batch_id = sent(front_end)

    shown = data(get(front_end, batch_id))
    assert (shown["batch_id"], shown["status"], shown["total"]) == (batch_id, "running", 3)
    assert shown["counts"] == {
        "held": 3,
        "queued": 0,
        "processing": 0,
        "succeeded": 0,
        "failed": 0,
        "cancelled": 0,
    }
    assert front_end.count_rows() == 0


def test_an_item_has_the_options_that_a_job_has_in_the_words_of_json(front_end: FrontEnd) -> None:
    options = {
        "cloth_class": ["tops", "hat"],
        "outMode": 1,
        "crop": True,
        "margin": "5%",
        "quality": 80,
        "format": "jpeg",
        "metadata": {"colour": "red"},
        "background": None,
        "unheard-of": [1],
        "callback_url": "https://shop.example/hook",
    }
    taken(post(front_end, jsonl([item(1, **options)])))
    sweep(front_end)

    job = claim(front_end)

    assert job.options.cloth_class == (Category.TOPS, Category.HAT)
    assert job.options.out_mode == 1
    assert job.options.rendition_words == {
        "crop": "true",
        "margin": "5%",
        "quality": "80",
        "format": "jpeg",
    }
    assert (job.tags.reference, job.tags.metadata) == ("SKU-1", {"colour": "red"})
    assert job.image_url == "https://photos.example/1.jpg"


def test_an_item_is_the_same_job_as_if_it_had_been_sent_by_itself(front_end: FrontEnd) -> None:
    upload = str(new_upload_id("shop"))
    boundary = "b"
    form = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in (("upload", upload), ("cloth_class", "tops"), ("reference", "SKU-1"))
    )
    alone = front_end.post_raw(
        f"{form}--{boundary}--\r\n".encode(),
        f"multipart/form-data; boundary={boundary}",
        "/v1/jobs",
    )
    assert alone.status_code == 202, alone.text
    fields = {"upload": upload, "cloth_class": "tops", "reference": "SKU-1"}

    batch_id = taken(post(front_end, jsonl([fields])))
    sweep(front_end)

    assert front_end.count_rows() == 1
    [line] = data(get(front_end, f"{batch_id}/jobs"))["jobs"]
    assert (line["task_id"], line["status"]) == (upload, "queued")


def test_rows_of_csv_are_items_by_the_names_of_their_columns(front_end: FrontEnd) -> None:
    body = (
        "\ufeffimage_url,Reference,cloth_class,metadata[colour],shelf\r\n"
        'https://photos.example/1.jpg,"SKU, the first","tops,hat",red,7\r\n'
        "\r\n"
        "https://photos.example/2.jpg,SKU-2,,,\r\n"
    )
    batch_id = taken(post(front_end, body.encode(), f"{CSV}; charset=utf-8"))
    sweep(front_end)

    jobs = [claim(front_end), claim(front_end)]

    assert [job.tags.reference for job in jobs] == ["SKU, the first", "SKU-2"]
    assert [job.tags.metadata for job in jobs] == [{"colour": "red"}, {}]
    assert jobs[0].options.cloth_class == (Category.TOPS, Category.HAT)
    lines_of = [it["line"] for it in data(get(front_end, f"{batch_id}/jobs"))["jobs"]]
    assert lines_of == [2, 4]


def test_a_row_of_csv_may_hold_line_ends_and_is_known_by_its_first_line(
    front_end: FrontEnd,
) -> None:
    body = (
        "image_url,metadata[note]\n"
        'https://photos.example/1.jpg,"two\nlines"\n'
        "https://photos.example/2.jpg,one\n"
        "https://photos.example/3.jpg,one,too many\n"
    )

    assert wrong_lines(post(front_end, body.encode(), CSV)) == [
        (5, ErrorCode.ERROR_INVALID_PARAMETER)
    ]


def test_a_last_line_needs_no_end_and_empty_ones_are_none(front_end: FrontEnd) -> None:
    body = b"\n" + jsonl([item(1)]) + b"  \r\n" + jsonl([item(2)]).rstrip()

    batch_id = taken(post(front_end, body))

    assert [it["line"] for it in data(get(front_end, f"{batch_id}/jobs"))["jobs"]] == [2, 4]


def test_a_batch_is_stored_in_portions_and_whole(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_PORTION", 4)
    monkeypatch.setattr(lines, "_PIECE_BYTES", 100)

    batch_id = sent(front_end, 10)

    assert data(get(front_end, batch_id))["total"] == 10
    assert count_items(front_end) == 10


# What is refused


def test_a_batch_with_wrong_lines_is_refused_as_a_whole_with_each_of_them(
    front_end: FrontEnd,
) -> None:
    upload, foreign = str(new_upload_id("shop")), str(new_upload_id("other"))
    body = jsonl(
        [
            item(1),
            item(2, cloth_class="socks"),
            {"reference": "no photo"},
            [1, 2],
            item(5, upload=upload),
            {"upload": upload},
            {"upload": upload},
            {"upload": foreign},
            {"image_url": "ftp://photos.example/"},
            item(10, metadata={"a": 1}),
            item(11, callback_url="http://10.0.0.1/"),
            item(12, cloth_class=[["tops"]]),
            item(13, image="aGVsbG8="),
        ]
    )

    answer = post(
        front_end,
        body + b"\xff\n" + b'{"image_url": NaN}\n{"image_url": "https://a.example/\\ud800"}\n',
    )

    assert wrong_lines(answer) == [
        (2, ErrorCode.ERROR_INVALID_PARAMETER),
        (3, ErrorCode.MISSING_PARAMETERS),
        (4, ErrorCode.ERROR_INVALID_PARAMETER),
        (5, ErrorCode.ERROR_INVALID_PARAMETER),
        (7, ErrorCode.ERROR_INVALID_PARAMETER),
        (8, ErrorCode.ERROR_RESOURCE_NOT_FOUND),
        (9, ErrorCode.IMAGE_URL_NOT_ALLOWED),
        (10, ErrorCode.ERROR_INVALID_PARAMETER),
        (11, ErrorCode.ERROR_INVALID_PARAMETER),
        (12, ErrorCode.ERROR_INVALID_PARAMETER),
        (13, ErrorCode.ERROR_INVALID_PARAMETER),
        (14, ErrorCode.ERROR_INVALID_PARAMETER),
        (15, ErrorCode.ERROR_INVALID_PARAMETER),
        (16, ErrorCode.ERROR_INVALID_PARAMETER),
    ]
    assert "Line 2" in answer.get_json()["error_msg"]
    assert (front_end.count_rows(), count_items(front_end)) == (0, 0)


def test_of_many_wrong_lines_a_hundred_are_told_and_all_are_counted(front_end: FrontEnd) -> None:
    answer = post(front_end, jsonl([item(1), *({} for _ in range(300))]))

    assert len(wrong_lines(answer)) == 100
    assert "299 more" in answer.get_json()["error_msg"]


def test_a_line_that_is_too_long_is_wrong_and_those_behind_it_keep_their_numbers(
    front_end: FrontEnd,
) -> None:
    long = json.dumps({"x": "y" * lines.MAX_LINE_BYTES}).encode()

    answer = post(front_end, jsonl([item(1)]) + long + b"\n{}\n")

    assert [line for line, _ in wrong_lines(answer)] == [2, 3]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", JSON_LINES, 400, ErrorCode.MISSING_PARAMETERS),
        (b"\n\n", JSON_LINES, 400, ErrorCode.MISSING_PARAMETERS),
        (b"image_url\n", CSV, 400, ErrorCode.MISSING_PARAMETERS),
        (b"a,b\n1,2\n", CSV, 400, ErrorCode.ERROR_INVALID_PARAMETER),
        (b"{}", "application/json", 400, ErrorCode.ERROR_PARAMETERS),
        (b"{}", "multipart/form-data; boundary=b", 400, ErrorCode.ERROR_PARAMETERS),
    ],
)
def test_a_body_that_is_no_batch_is_refused_and_told_what_to_send(
    front_end: FrontEnd, body: bytes, content_type: str, status: int, code: ErrorCode
) -> None:
    assert_error(post(front_end, body, content_type), status, code)
    assert count_items(front_end) == 0


def test_a_body_that_is_cut_off_leaves_nothing(front_end: FrontEnd) -> None:
    body = jsonl([item(1), item(2)])

    answer = front_end.client().post(
        PATH,
        data=body,
        content_type=JSON_LINES,
        headers=front_end.headers,
        environ_overrides={"CONTENT_LENGTH": str(len(body) + 1), "wsgi.input_terminated": True},
    )

    assert_error(answer, 400, ErrorCode.ERROR_PARAMETERS)
    assert count_items(front_end) == 0


def test_more_items_or_bytes_than_a_batch_may_have_are_refused(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = jsonl(item(number) for number in range(4))
    monkeypatch.setattr(intake, "MAX_ITEMS", 3)
    assert_error(post(front_end, body), 413, ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE)
    monkeypatch.undo()
    monkeypatch.setattr(lines, "MAX_BODY_BYTES", len(body) - 1)
    assert_error(post(front_end, body), 413, ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE)
    assert count_items(front_end) == 0


def test_a_packed_body_is_not_unpacked(front_end: FrontEnd) -> None:
    answer = post(front_end, jsonl([item(1)]), **{"Content-Encoding": "gzip"})

    assert_error(answer, 400, ErrorCode.ERROR_PARAMETERS)


@pytest.mark.parametrize("changes", [{**CHANGES, "max_batches_per_tenant": 2}])
def test_a_tenant_has_so_many_batches_at_work_and_a_repeated_one_is_none_more(
    front_end: FrontEnd,
) -> None:
    body = jsonl([item(1)])
    first = taken(post(front_end, body, **{"Idempotency-Key": "a"}))
    sent(front_end)

    answer = post(front_end, body)

    assert_error(answer, 429, ErrorCode.EXCEEDING_LIMITS)
    assert int(answer.headers["Retry-After"]) >= 1
    assert taken(post(front_end, body, **{"Idempotency-Key": "a"})) == first


@pytest.mark.parametrize("changes", [{**CHANGES, "max_queued_per_tenant": 1}])
def test_a_batch_is_taken_although_the_queue_has_no_room_for_it(front_end: FrontEnd) -> None:
    front_end.submit()
    front_end.clock.advance(seconds=10)

    assert sent(front_end)


# The same again


def test_the_same_key_and_body_are_the_same_batch(front_end: FrontEnd) -> None:
    body = jsonl([item(1), item(2)])

    answers = [post(front_end, body, **{"Idempotency-Key": "key"}) for _ in range(2)]

    assert taken(answers[0]) == taken(answers[1])
    assert count_items(front_end) == 2


@pytest.mark.parametrize("query", ["", "?reference=another", "?callback_url=https://a.example/"])
def test_the_same_key_for_another_batch_is_refused(front_end: FrontEnd, query: str) -> None:
    taken(post(front_end, jsonl([item(1)]), **{"Idempotency-Key": "key"}))
    body = jsonl([item(1)] if query else [item(2)])

    answer = post(front_end, body, query=query, **{"Idempotency-Key": "key"})

    assert_error(answer, 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)


# What is read


def test_counts_follow_the_items_to_the_end(front_end: FrontEnd) -> None:
    batch_id = sent(front_end, 4)
    sweep(front_end)
    front_end.clock.advance(seconds=10)
    succeed(front_end)
    fail(front_end)
    sweep(front_end)

    shown = data(get(front_end, batch_id))

    assert (shown["counts"]["succeeded"], shown["counts"]["failed"]) == (1, 1)
    assert shown["estimated_seconds"] == 10
    succeed(front_end)
    succeed(front_end)
    sweep(front_end)
    ended = get(front_end, batch_id, wait="30")
    assert data(ended)["status"] == "completed"
    assert "Retry-After" not in ended.headers
    assert data(ended)["finished_at"]


def test_items_can_be_read_while_the_batch_runs(front_end: FrontEnd) -> None:
    batch_id = sent(front_end, 4)
    front_end.services.batches.release(uuid.UUID(batch_id), 3, 3)
    done = succeed(front_end, {})
    fail(front_end)

    first = data(get(front_end, f"{batch_id}/jobs", limit="3"))
    rest = data(get(front_end, f"{batch_id}/jobs", cursor=first["next_cursor"]))

    items = [*first["jobs"], *rest["jobs"]]
    assert [it["line"] for it in items] == [1, 2, 3, 4]
    assert [it["status"] for it in items] == ["succeeded", "failed", "queued", "held"]
    assert [it["reference"] for it in items] == ["SKU-1", "SKU-2", "SKU-3", "SKU-4"]
    assert items[0]["task_id"] == str(done.id)
    assert items[0]["data"]["elements"][0]["image_url"].startswith("https://results.test/")
    assert items[1]["error_detail"]["message"] == "It is damaged."
    assert rest["next_cursor"] == ""


def test_every_line_is_in_the_output_file_or_in_the_error_file(front_end: FrontEnd) -> None:
    batch_id = sent(front_end, 4)
    sweep(front_end)
    succeed(front_end)
    fail(front_end)
    erased = claim(front_end)
    assert front_end.services.job_store.erase(erased.id, "shop")
    succeed(front_end)
    sweep(front_end)

    output = read_lines(get(front_end, f"{batch_id}/output"))
    errors = read_lines(get(front_end, f"{batch_id}/errors"))

    assert [(it["line"], it["reference"]) for it in output] == [(1, "SKU-1"), (4, "SKU-4")]
    assert [(it["line"], it["status"]) for it in errors] == [(2, "failed"), (3, "cancelled")]
    assert output[0]["data"]["outputs"]
    assert [it["error_detail"]["code"] for it in errors] == [
        "FILE_DECODING_FAILURE",
        "ERROR_TASK_REVOKED",
    ]


def test_the_archive_has_all_pictures_in_a_folder_an_item(front_end: FrontEnd) -> None:
    body = jsonl([item(1, cloth_class="tops,hat", reference="../SKU 1"), item(2), item(3)])
    batch_id = taken(post(front_end, body))
    sweep(front_end)
    succeed(front_end, {Category.TOPS: True, Category.HAT: False})
    fail(front_end)
    succeed(front_end)
    sweep(front_end)

    answer = get(front_end, f"{batch_id}/results")
    rest = get(front_end, f"{batch_id}/results", cursor="1")

    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert f"{batch_id}.zip" in answer.headers["Content-Disposition"]
    with ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "00001-.._SKU_1/image.png",
            "00001-.._SKU_1/tops.png",
            "00003-SKU-3/image.png",
        ]
        assert archive.read("00001-.._SKU_1/tops.png") == b"tops"
    assert ZipFile(io.BytesIO(rest.data)).namelist() == ["00003-SKU-3/image.png"]


def test_a_picture_that_is_gone_is_left_out(front_end: FrontEnd) -> None:
    batch_id = sent(front_end, 2)
    sweep(front_end)
    job = succeed(front_end)
    succeed(front_end)
    sweep(front_end)
    front_end.object_store.delete_results(job.id)

    answer = get(front_end, f"{batch_id}/results")

    assert ZipFile(io.BytesIO(answer.data)).namelist() == ["00002-SKU-2/image.png"]


def test_files_of_an_expired_batch_are_gone_and_it_is_still_told(front_end: FrontEnd) -> None:
    batch_id = sent(front_end, 1)
    sweep(front_end)
    succeed(front_end)
    sweep(front_end)
    front_end.clock.advance(days=1)

    assert data(get(front_end, batch_id))["status"] == "expired"
    for name in ("output", "errors", "results"):
        assert_error(get(front_end, f"{batch_id}/{name}"), 410, ErrorCode.ERROR_RESOURCE_RECLAIMED)


def test_cancelling_keeps_what_is_done(front_end: FrontEnd) -> None:
    batch_id = sent(front_end, 3)
    front_end.services.batches.release(uuid.UUID(batch_id), 2, 2)
    succeed(front_end)

    answer = front_end.client().post(f"{PATH}/{batch_id}/cancel", headers=front_end.headers)
    assert data(answer)["status"] == "cancelling"
    for _ in range(3):
        sweep(front_end)

    shown = data(get(front_end, batch_id))
    assert (shown["status"], shown["counts"]["succeeded"], shown["counts"]["cancelled"]) == (
        "cancelled",
        1,
        2,
    )
    assert [it["line"] for it in read_lines(get(front_end, f"{batch_id}/output"))] == [1]
    assert [it["line"] for it in read_lines(get(front_end, f"{batch_id}/errors"))] == [2, 3]


def test_what_became_of_the_webhook_of_a_batch_is_told_and_it_is_sent_again(
    front_end: FrontEnd,
) -> None:
    batch_id = taken(
        post(front_end, jsonl([item(1)]), query="?callback_url=https://shop.example/hook")
    )
    sweep(front_end)
    succeed(front_end)
    assert data(get(front_end, f"{batch_id}/deliveries"))["deliveries"] == []
    sweep(front_end)

    [delivery] = data(get(front_end, f"{batch_id}/deliveries"))["deliveries"]
    again = front_end.client().post(
        f"{PATH}/{batch_id}/deliveries/{delivery['id']}/redeliver", headers=front_end.headers
    )

    assert (delivery["event"], delivery["state"]) == ("batch.completed", "pending")
    assert data(again)["deliveries"][0]["id"] == delivery["id"]


def test_a_batch_and_its_items_are_told_to_whom_the_key_names(front_end: FrontEnd) -> None:
    terms = Terms(callback_url="https://key.example/hook")
    own, secret = front_end.services.key_store.create("shop", terms)
    body = jsonl([item(1), item(2, callback_url="https://item.example/hook")])
    batch_id = taken(post(front_end, body, **{"ailabapi-api-key": secret}))
    sweep(front_end)
    jobs = [succeed(front_end), succeed(front_end)]
    sweep(front_end)

    due = front_end.services.deliveries.take(10) + front_end.services.deliveries.take(10)

    assert [job.key_id for job in jobs] == [own.id] * 2
    assert {it.job_id: it.url for it in due} == {
        jobs[0].id: "https://key.example/hook",
        jobs[1].id: "https://item.example/hook",
        uuid.UUID(batch_id): "https://key.example/hook",
    }


def test_batches_are_listed_page_by_page(front_end: FrontEnd) -> None:
    made = [sent(front_end, 1) for _ in range(3)]

    first = data(front_end.client().get(f"{PATH}?limit=2", headers=front_end.headers))
    rest = data(
        front_end.client().get(
            PATH, query_string={"cursor": first["next_cursor"]}, headers=front_end.headers
        )
    )

    found = [it["batch_id"] for page in (first, rest) for it in page["batches"]]
    assert found == made[::-1]
    assert rest["next_cursor"] == ""


@pytest.mark.parametrize("end", ["", "/jobs", "/output", "/errors", "/results", "/cancel"])
def test_another_tenants_batch_is_answered_like_an_unknown_one(
    front_end: FrontEnd, end: str
) -> None:
    batch_id, headers = sent(front_end), front_end.key_for("other")
    method = "POST" if end == "/cancel" else "GET"

    for name in (batch_id, str(uuid.uuid4()), batch_id.replace("-", ""), "x"):
        answer = front_end.client().open(f"{PATH}/{name}{end}", method=method, headers=headers)
        assert_error(answer, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)


def test_no_log_has_the_address_of_a_photo(front_end: FrontEnd, logged: Logged) -> None:
    taken(post(front_end, jsonl([item(1, image_url="https://photos.example/?sig=hush-hush")])))
    sweep(front_end)

    assert any(it["event"] == "batch.accepted" and it["items"] == 1 for it in logged)
    assert "hush-hush" not in str(logged)


def test_a_job_of_a_batch_is_shown_and_erased_like_any_other(front_end: FrontEnd) -> None:
    batch_id = sent(front_end, 1)
    sweep(front_end)
    [line] = data(get(front_end, f"{batch_id}/jobs"))["jobs"]
    path = f"/v1/jobs/{line['task_id']}"

    assert front_end.client().get(path, headers=front_end.headers).status_code == 200
    assert front_end.client().delete(path, headers=front_end.headers).status_code == 204
    sweep(front_end)

    assert data(get(front_end, batch_id))["counts"]["cancelled"] == 1
    [line] = data(get(front_end, f"{batch_id}/jobs"))["jobs"]
    assert line["status"] == JobStatus.CANCELLED
