"""The upload route: how long it waits, and what it then says."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.answers.long_poll import LongPolls
from shared.errors import CATALOGUE, DatabaseUnavailable, ErrorCode
from shared.job import Queue
from shared.wire.contract import Category
from tests.api.conftest import FrontEnd, Logged
from tests.api.envelope_check import assert_error, assert_success
from tests.api.photos import photo
from tests.conditions import eventually

Then = Callable[[uuid.UUID], object]


def post_and_then(front_end: FrontEnd, then: Then, **fields: Any) -> TestResponse:
    """Upload a photo, and do something to its job while the request waits."""
    known = front_end.job_ids()

    def act() -> None:
        [job_id] = eventually(lambda: front_end.job_ids() - known)
        then(job_id)

    actor = threading.Thread(target=act)
    actor.start()
    try:
        return front_end.post(**fields)
    finally:
        actor.join()


def test_async_answers_at_once_with_a_queued_task(front_end: FrontEnd) -> None:
    began = time.monotonic()

    body = assert_success(front_end.post(task_type="async"), task_status=0)

    assert time.monotonic() - began < 5
    assert front_end.job_ids() == {uuid.UUID(body["task_id"])}
    assert front_end.broker.published == [Queue.BULK]


@pytest.mark.parametrize("fields", [{}, {"task_type": ""}, {"task_type": "sync"}])
def test_a_job_that_finishes_meanwhile_is_answered_inline(
    front_end: FrontEnd, fields: dict[str, str]
) -> None:
    shown = {Category.TOPS: True, Category.HAT: False}

    answer = post_and_then(
        front_end,
        lambda job_id: front_end.complete(job_id, shown),
        cloth_class="hat,tops",
        **fields,
    )

    body = assert_success(answer, task_status=2)
    [job_id] = front_end.job_ids()
    assert body["task_id"] == str(job_id)
    assert front_end.broker.published == [Queue.INTERACTIVE]
    image, classes = body["data"]["elements"]
    assert f"/{job_id}/1/image.png" in image["image_url"]
    assert list(classes["class_url"]) == ["hat", "tops"]
    assert classes["class_url"]["hat"] == ""
    assert f"/{job_id}/1/tops.png" in classes["class_url"]["tops"]


@pytest.mark.parametrize("changes", [{"inline_wait": 0.05}])
def test_a_job_that_does_not_finish_in_time_is_answered_with_its_id(front_end: FrontEnd) -> None:
    answer = front_end.post()

    body = assert_success(answer, task_status=0)
    assert answer.headers["Retry-After"] == "1"
    assert_success(front_end.query(body["task_id"]), task_status=0)


@pytest.mark.parametrize("changes", [{"inline_wait": 2}])
def test_a_job_that_is_being_worked_on_is_answered_as_processing(front_end: FrontEnd) -> None:
    assert_success(post_and_then(front_end, front_end.claim), task_status=1)


@pytest.mark.parametrize("changes", [{"sync_wait": 0.05}])
def test_sync_times_out_with_the_id_of_a_job_that_goes_on(front_end: FrontEnd) -> None:
    answer = front_end.post(task_type="sync")

    body = assert_error(answer, 504, ErrorCode.AI_SERVICE_TIMEOUT, task_status=0)
    front_end.complete(uuid.UUID(body["task_id"]))
    assert_success(front_end.query(body["task_id"]), task_status=2)


@pytest.mark.parametrize(
    "code",
    [
        ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED,
        ErrorCode.FILE_DECODING_FAILURE,
        ErrorCode.PROCESSING_FAILURE,
        ErrorCode.AI_SERVICE_TIMEOUT,
    ],
)
def test_a_job_that_fails_meanwhile_answers_with_its_error(
    front_end: FrontEnd, code: ErrorCode
) -> None:
    def fail(job_id: uuid.UUID) -> None:
        front_end.services.job_store.fail(front_end.claim(job_id).lease, code, "Try another photo.")
        front_end.services.long_polls.wake(job_id)

    answer = post_and_then(front_end, fail)

    body = assert_error(answer, CATALOGUE[code].http_status, code)
    assert body["error_msg"] == "Try another photo."
    assert {uuid.UUID(body["task_id"])} == front_end.job_ids()


@pytest.mark.parametrize("changes", [{"waiting_slots": 0}])
def test_with_no_waiting_slot_free_the_answer_is_the_id_at_once(front_end: FrontEnd) -> None:
    began = time.monotonic()

    body = assert_success(front_end.post(), task_status=0)

    assert body["task_id"]
    assert time.monotonic() - began < 5


NO_SLOT = pytest.mark.parametrize("changes", [{"waiting_slots": 0}])
KEY: dict[str, Any] = {"header_Idempotency_Key": "order-1"}


@NO_SLOT
@pytest.mark.parametrize("fields", [{}, KEY], ids=["without a key", "with a key"])
def test_a_sync_post_that_cannot_wait_is_refused_before_a_job_is_made(
    front_end: FrontEnd, fields: dict[str, Any]
) -> None:
    answer = front_end.post(task_type="sync", **fields)

    body = assert_error(answer, 429, ErrorCode.EXCEEDING_LIMITS)
    assert "task_type=async" in body["error_msg"]
    assert int(answer.headers["Retry-After"]) >= 1
    assert body["task_id"] == ""
    assert front_end.count_rows() == 0
    assert not front_end.object_store.inputs
    assert not front_end.broker.published


@NO_SLOT
def test_a_sync_post_that_repeats_a_finished_one_needs_no_slot(front_end: FrontEnd) -> None:
    job_id = front_end.submit(**KEY)
    front_end.complete(job_id)

    body = assert_success(front_end.post(task_type="sync", **KEY), task_status=2)

    assert body["task_id"] == str(job_id)


@NO_SLOT
def test_a_sync_post_that_repeats_a_job_that_goes_on_is_refused_without_a_slot(
    front_end: FrontEnd,
) -> None:
    front_end.submit(**KEY)

    answer = front_end.post(task_type="sync", **KEY)

    assert_error(answer, 429, ErrorCode.EXCEEDING_LIMITS)
    assert front_end.count_rows() == 1


@NO_SLOT
def test_a_sync_post_without_a_slot_whose_key_was_used_for_something_else_is_told_so(
    front_end: FrontEnd,
) -> None:
    front_end.submit(**KEY)

    answer = front_end.post(task_type="sync", return_form="mask", **KEY)

    assert_error(answer, 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)


@pytest.mark.parametrize("changes", [{"waiting_slots": 1, "sync_wait": 0.05, "inline_wait": 0.05}])
@pytest.mark.parametrize("task_type", ["", "sync"])
def test_a_slot_is_given_back_after_each_wait(front_end: FrontEnd, task_type: str) -> None:
    statuses = [front_end.post(task_type=task_type).status_code for _ in range(3)]

    assert statuses == ([504] * 3 if task_type else [200] * 3)
    assert front_end.post(task_type="sync").status_code == 504


@pytest.mark.parametrize("changes", [{"waiting_slots": 1, "sync_wait": 0.05}])
@pytest.mark.parametrize("task_type", ["", "sync"])
def test_a_slot_is_given_back_when_the_upload_fails(front_end: FrontEnd, task_type: str) -> None:
    front_end.object_store.is_down = True
    assert_error(front_end.post(task_type=task_type), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    front_end.object_store.is_down = False

    assert front_end.post(task_type="sync").status_code == 504


@pytest.mark.parametrize("changes", [{"waiting_slots": 1, "sync_wait": 0.05}])
def test_who_does_not_wait_needs_no_slot(front_end: FrontEnd) -> None:
    with front_end.services.long_polls.slot("rival", 1) as seconds:
        assert seconds
        assert_success(front_end.post(task_type="async"), task_status=0)
        assert_error(front_end.post(task_type="sync"), 429, ErrorCode.EXCEEDING_LIMITS)


def test_a_database_that_goes_away_while_waiting_does_not_cost_the_client_the_id(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(LongPolls, "_wait", fail)

    assert_success(front_end.post(), task_status=0)


def test_what_the_log_says_of_a_job_is_no_secret(front_end: FrontEnd, logged: Logged) -> None:
    body = assert_success(front_end.post(task_type="async"), task_status=0)

    [event] = logged
    assert event["event"] == "job.queued"
    assert (event["task_id"], event["log_id"]) == (body["task_id"], body["log_id"])
    assert (event["tenant"], event["queue"]) == ("shop", Queue.BULK)
    assert (event["width"], event["height"], event["bytes"]) == (64, 64, len(photo()))
    assert front_end.headers["ailabapi-api-key"] not in str(event)
    assert "http" not in str(event)
