"""Batches: what can be read of one while it runs, and afterwards."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping
from typing import Any
from zipfile import ZipFile

import pytest
from werkzeug.test import encode_multipart

from api.intake.direct_upload import new_upload_id
from shared.errors import ErrorCode
from shared.job import JobStatus
from shared.tenants.api_key import Terms
from shared.wire.contract import Category
from shared.wire.types import rfc3339
from tests.api.batch_client import (
    CHANGES,
    PATH,
    claim,
    data,
    fail,
    get,
    item,
    jsonl,
    post,
    read_lines,
    sent,
    succeed,
    sweep,
    taken,
)
from tests.api.conftest import FrontEnd, Logged
from tests.api.envelope_check import assert_error


@pytest.fixture
def changes() -> Mapping[str, Any]:
    return CHANGES


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


def test_the_error_file_has_the_times_of_what_was_worked_on(front_end: FrontEnd) -> None:
    batch_id = sent(front_end, 2)
    sweep(front_end)
    failed = fail(front_end)
    succeed(front_end)
    sweep(front_end)

    [line] = read_lines(get(front_end, f"{batch_id}/errors"))

    assert line["created_at"] == rfc3339(failed.created_at)
    assert line["finished_at"]


def test_an_item_whose_upload_was_another_job_before_tells_nothing_of_that_one(
    front_end: FrontEnd,
) -> None:
    upload = str(new_upload_id("shop"))
    boundary, form = encode_multipart({"upload": upload, "metadata[colour]": "red"})
    headers = f"multipart/form-data; boundary={boundary}"
    assert front_end.post_raw(form, headers, "/v1/jobs").status_code == 202
    batch_id = taken(post(front_end, jsonl([{"upload": upload, "reference": "mine"}])))
    sweep(front_end)

    [line] = read_lines(get(front_end, f"{batch_id}/errors"))

    assert line["error_detail"]["code"] == ErrorCode.ERROR_CONTENT_NON_COMPLIANCE
    assert (line["reference"], line["metadata"], line["log_id"]) == ("mine", {}, "")
    assert (line["created_at"], line["finished_at"]) == (None, None)


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
            "00001/_SKU 1.cutout.png",
            "00001/_SKU 1.tops.cutout.png",
            "00003/SKU-3.cutout.png",
        ]
        assert archive.read("00001/_SKU 1.tops.cutout.png") == b"tops"
    assert ZipFile(io.BytesIO(rest.data)).namelist() == ["00003/SKU-3.cutout.png"]


def test_a_picture_that_is_gone_is_left_out(front_end: FrontEnd) -> None:
    batch_id = sent(front_end, 2)
    sweep(front_end)
    job = succeed(front_end)
    succeed(front_end)
    sweep(front_end)
    front_end.object_store.delete_results(job.id)

    answer = get(front_end, f"{batch_id}/results")

    assert ZipFile(io.BytesIO(answer.data)).namelist() == ["00002/SKU-2.cutout.png"]


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
