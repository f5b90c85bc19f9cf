"""The query route: every state a job can be in, and every id that is none."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from api.routes.query import PATH as QUERY
from shared.errors import ErrorCode
from shared.wire.contract import Category
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success

ALMOST_A_DAY, A_DAY = timedelta(hours=23, minutes=59), timedelta(hours=24, seconds=1)


def test_a_job_is_queued_then_processing_then_done(front_end: FrontEnd) -> None:
    job_id = front_end.submit(cloth_class="tops")
    queued = assert_success(front_end.query(job_id), task_status=0)

    lease = front_end.claim(job_id).lease
    processing = assert_success(front_end.query(job_id), task_status=1)

    front_end.services.job_store.complete(lease, {Category.TOPS: True})
    done = assert_success(front_end.query(job_id), task_status=2)

    for body in (queued, processing, done):
        assert (body["task_id"], body["task_type"]) == (str(job_id), "async")
        assert body["log_id"] == queued["log_id"]
    assert len({body["request_id"] for body in (queued, processing, done)}) == 3
    assert list(done["data"]) == ["elements"]


def test_without_requested_categories_there_are_no_category_urls(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    front_end.complete(job_id)

    body = assert_success(front_end.query(job_id), task_status=2)

    image, classes = body["data"]["elements"]
    assert list(image) == ["image_url"]
    assert classes == {"class_url": {}}


def test_urls_are_signed_for_what_is_left_of_the_24_hours(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    front_end.complete(job_id)
    front_end.clock.now += ALMOST_A_DAY

    body = assert_success(front_end.query(job_id), task_status=2)

    seconds = int(body["data"]["elements"][0]["image_url"].partition("expires=")[2])
    assert 0 < seconds <= 60


def test_an_expired_job_is_gone_before_and_after_the_sweeper_came(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    front_end.complete(job_id)
    front_end.clock.now += A_DAY

    before = front_end.query(job_id)
    front_end.services.job_store.expire([job_id])
    after = front_end.query(job_id)

    for answer in (before, after):
        body = assert_error(answer, 410, ErrorCode.ERROR_RESOURCE_RECLAIMED)
        assert body["task_id"] == str(job_id)


def test_a_cancelled_job_is_gone(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    front_end.services.job_store.erase(job_id, "shop")

    assert_error(front_end.query(job_id), 410, ErrorCode.ERROR_TASK_REVOKED)


def test_a_failed_job_answers_with_its_error_and_status(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    code = ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED
    front_end.services.job_store.fail(front_end.claim(job_id).lease, code, "")

    body = assert_error(front_end.query(job_id), 422, code)

    assert body["task_id"] == str(job_id)


@pytest.mark.parametrize("query", ["", "?task_id=", "?taskId=x"])
def test_a_missing_id_is_a_missing_parameter(front_end: FrontEnd, query: str) -> None:
    answer = front_end.client().get(QUERY + query, headers=front_end.headers)

    assert_error(answer, 400, ErrorCode.MISSING_PARAMETERS)


@pytest.mark.parametrize(
    "task_id",
    [
        "00000000-0000-0000-0000-000000000000",
        "1",
        "x" * 100_000,
        "' OR 1=1 --",
        "{00000000-0000-0000-0000-000000000000}",
        "\0",
        "%",
        "ü",
        "../../etc/passwd",
    ],
)
def test_an_id_that_is_none_is_not_found(front_end: FrontEnd, task_id: str) -> None:
    answer = front_end.query(task_id)

    body = assert_error(answer, 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)
    assert body["task_id"] == ""


def test_another_spelling_of_an_id_is_not_found(front_end: FrontEnd) -> None:
    job_id = front_end.submit()

    for spelling in (job_id.hex, f"urn:uuid:{job_id}", f"{{{job_id}}}"):
        assert_error(front_end.query(spelling), 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)
    assert_success(front_end.query(str(job_id).upper()), task_status=0)


@pytest.mark.parametrize("wait", ["0", "1"])
def test_another_tenants_job_looks_like_an_unknown_one(front_end: FrontEnd, wait: str) -> None:
    job_id = front_end.submit()
    stranger = replace(front_end, headers=front_end.key_for("rival"))

    foreign = stranger.query(job_id, wait=wait).get_json()
    unknown = stranger.query(uuid.uuid4(), wait=wait).get_json()

    for body in (foreign, unknown):
        del body["request_id"], body["log_id"]
    assert foreign == unknown
    assert foreign["error_detail"]["status_code"] == 404


def test_a_second_key_of_the_same_tenant_sees_the_job(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    colleague = replace(front_end, headers=front_end.key_for("shop"))

    assert_success(colleague.query(job_id), task_status=0)


def test_a_long_poll_ends_when_the_job_does(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    lease = front_end.claim(job_id).lease
    worker = threading.Timer(0.2, lambda: front_end.services.job_store.complete(lease, {}))
    worker.start()

    began = time.monotonic()
    answer = front_end.query(job_id, wait="30")

    assert_success(answer, task_status=2)
    assert time.monotonic() - began < 10
    worker.join()


def test_a_long_poll_ends_after_its_time(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    began = time.monotonic()

    assert_success(front_end.query(job_id, wait="0.3"), task_status=0)

    assert 0.3 <= time.monotonic() - began < 5


def test_a_long_poll_lasts_30_seconds_at_most(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = front_end.submit()
    monkeypatch.setattr("api.answers.wait_parameter.MAX_SECONDS", 0.1)
    began = time.monotonic()

    assert_success(front_end.query(job_id, wait="3600"), task_status=0)

    assert time.monotonic() - began < 5


@pytest.mark.parametrize("wait", ["soon", "-1", "nan", "inf", "1e999", "-inf"])
def test_a_wait_that_is_no_time_is_an_invalid_parameter(front_end: FrontEnd, wait: str) -> None:
    answer = front_end.query(uuid.uuid4(), wait=wait)

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
