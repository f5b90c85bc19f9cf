"""The modern face: creating, reading and deleting jobs as resources."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.answers.long_poll import LongPolls
from api.answers.prefer_header import MAX_SECONDS
from api.routes.cutout import PATH as CUTOUT
from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from shared.job import Queue
from shared.jobs.store import JobStore
from shared.objects.store import IMAGE
from shared.wire.contract import Category
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success, check_shape
from tests.api.photos import photo
from tests.conditions import eventually

A_DAY = timedelta(hours=24, seconds=1)


def create(front_end: FrontEnd, **fields: Any) -> TestResponse:
    return front_end.post(path=JOBS, **fields)


def created(front_end: FrontEnd, **fields: Any) -> uuid.UUID:
    answer = create(front_end, **fields)
    assert answer.status_code == 202, answer.text
    return uuid.UUID(answer.get_json()["task_id"])


def show(front_end: FrontEnd, job_id: object) -> TestResponse:
    return front_end.client().get(f"{JOBS}/{job_id}", headers=front_end.headers)


def erase(front_end: FrontEnd, job_id: object) -> TestResponse:
    return front_end.client().delete(f"{JOBS}/{job_id}", headers=front_end.headers)


def read_back(front_end: FrontEnd, job_id: object) -> TestResponse:
    return front_end.query(job_id)


def test_a_new_job_is_accepted_and_says_where_it_is_and_when_to_ask(front_end: FrontEnd) -> None:
    answer = create(front_end, cloth_class="tops", return_form="mask", out_mode="1")

    body = check_shape(answer)
    assert (answer.status_code, body["task_status"], body["error_code"]) == (202, 0, 0)
    assert answer.headers["Location"] == f"/v1/jobs/{body['task_id']}"
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Preference-Applied" not in answer.headers
    assert show(front_end, body["task_id"]).status_code == 200


def test_both_faces_show_the_same_body_and_the_modern_one_more_data(front_end: FrontEnd) -> None:
    job_id = created(front_end, cloth_class="tops")
    front_end.complete(job_id, {Category.TOPS: True})

    old = assert_success(front_end.query(job_id), task_status=2)
    new = assert_success(show(front_end, job_id), task_status=2)

    del old["request_id"], new["request_id"]
    more = {name: new["data"].pop(name) for name in ("outputs", "report")}
    assert more["outputs"]["cutout"] == {**old["data"]["elements"][0], **old["data"]["elements"][1]}
    assert {**old, "reference": "", "metadata": {}} == new


def test_a_failed_job_is_a_200_with_the_error_in_its_body(front_end: FrontEnd) -> None:
    job_id = created(front_end)
    code = ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED
    front_end.services.job_store.fail(front_end.claim(job_id).lease, code, "No clothing.")

    answer = show(front_end, job_id)

    body = answer.get_json()
    assert (answer.status_code, body["error_code"], body["task_status"]) == (200, 422, 3)
    assert body["error_detail"]["code"] == code
    assert body["error_detail"]["status_code"] == 422
    old = front_end.query(job_id).get_json()
    assert {**old, "request_id": "", "reference": "", "metadata": {}} == {**body, "request_id": ""}


def test_an_expired_job_is_gone(front_end: FrontEnd) -> None:
    job_id = created(front_end)
    front_end.complete(job_id)
    front_end.clock.now += A_DAY

    assert_error(show(front_end, job_id), 410, ErrorCode.ERROR_RESOURCE_RECLAIMED)
    assert_error(erase(front_end, job_id), 410, ErrorCode.ERROR_RESOURCE_RECLAIMED)


@pytest.mark.parametrize("ask", [show, erase])
@pytest.mark.parametrize("name", ["1", "{}", "%00", "00000000-0000-0000-0000-00000000000g"])
def test_a_name_that_is_no_jobs_is_not_found(
    front_end: FrontEnd, ask: Callable[[FrontEnd, object], TestResponse], name: str
) -> None:
    assert_error(ask(front_end, name), 404, ErrorCode.ERROR_RESOURCE_NOT_FOUND)


@pytest.mark.parametrize("ask", [show, erase])
@pytest.mark.parametrize("erased", [False, True])
def test_another_tenants_job_looks_like_an_unknown_one_and_stays_untouched(
    front_end: FrontEnd, ask: Callable[[FrontEnd, object], TestResponse], erased: bool
) -> None:
    job_id = created(front_end)
    if erased:
        erase(front_end, job_id)
    before = show(front_end, job_id).status_code
    stranger = replace(front_end, headers=front_end.key_for("rival"))

    foreign, unknown = ask(stranger, job_id), ask(stranger, uuid.uuid4())

    bodies = [foreign.get_json(), unknown.get_json()]
    for body in bodies:
        del body["request_id"], body["log_id"]
    assert bodies[0] == bodies[1]
    assert foreign.status_code == unknown.status_code == 404
    assert show(front_end, job_id).status_code == before


def test_the_form_is_held_to_the_same_rules(front_end: FrontEnd) -> None:
    assert_error(create(front_end, cloth_class="socks"), 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert_error(create(front_end, image=b"GIF89a"), 415, ErrorCode.UNSUPPORTED_FILE_TYPES)
    assert front_end.count_rows() == 0


@pytest.mark.parametrize("task_type", ["", "sync", "async"])
def test_a_task_type_is_taken_and_changes_nothing(front_end: FrontEnd, task_type: str) -> None:
    began = time.monotonic()

    job_id = created(front_end, task_type=task_type)

    assert time.monotonic() - began < 5
    assert front_end.broker.published == [Queue.BULK]
    assert_success(show(front_end, job_id), task_status=0)


def finish_soon(front_end: FrontEnd, finish: Callable[[uuid.UUID], object]) -> threading.Thread:
    """Finish the first job that is stored, like a worker."""

    def work() -> None:
        [job_id] = eventually(front_end.job_ids)
        finish(job_id)
        front_end.services.long_polls.wake(job_id)

    worker = threading.Thread(target=work)
    worker.start()
    return worker


def test_who_prefers_to_wait_gets_the_finished_job(front_end: FrontEnd) -> None:
    worker = finish_soon(front_end, front_end.complete)

    answer = create(front_end, header_Prefer="respond-async, wait=30")

    worker.join()
    body = assert_success(answer, task_status=2)
    assert answer.headers["Preference-Applied"] == "wait=30"
    assert answer.headers["Location"] == f"/v1/jobs/{body['task_id']}"
    assert front_end.broker.published == [Queue.INTERACTIVE]


def test_who_waits_for_a_job_that_fails_gets_a_200_that_says_so(front_end: FrontEnd) -> None:
    code = ErrorCode.FILE_DECODING_FAILURE
    worker = finish_soon(
        front_end,
        lambda job_id: front_end.services.job_store.fail(front_end.claim(job_id).lease, code, "x"),
    )

    answer = create(front_end, header_Prefer="wait=30")

    worker.join()
    assert (answer.status_code, answer.get_json()["error_detail"]["code"]) == (200, code)


def test_a_wait_that_is_too_short_is_a_202(front_end: FrontEnd) -> None:
    answer = create(front_end, header_Prefer="wait=1")

    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "wait=1")


@pytest.mark.parametrize("changes", [{"waiting_slots": 0}])
def test_a_wait_that_could_not_be_granted_is_not_said_to_be(front_end: FrontEnd) -> None:
    answer = create(front_end, header_Prefer="wait=10")

    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize("seconds", ["86400", '"99999999999"', "9" * 5000])
def test_a_longer_wait_than_there_is_becomes_the_longest(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch, seconds: str
) -> None:
    monkeypatch.setattr("api.answers.prefer_header.MAX_SECONDS", 1)

    answer = create(front_end, header_Prefer=f"wait={seconds}")

    assert answer.headers["Preference-Applied"] == "wait=1"
    assert MAX_SECONDS == 30


@pytest.mark.parametrize(
    "preference", ["wait=soon", "wait=-1", "wait", "", "handling=lenient", ","]
)
def test_a_preference_that_is_not_understood_is_ignored(
    front_end: FrontEnd, preference: str
) -> None:
    assert create(front_end, header_Prefer=preference).status_code == 202


def test_one_idempotency_key_makes_one_job_on_both_faces(front_end: FrontEnd) -> None:
    first = created(front_end, header_Idempotency_Key="order-1")

    assert created(front_end, header_Idempotency_Key="order-1") == first
    old = front_end.post(task_type="async", header_Idempotency_Key="order-1")
    assert old.get_json()["task_id"] == str(first)
    other = create(front_end, image=photo(70, 70), header_Idempotency_Key="order-1")
    assert_error(other, 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)
    assert front_end.count_rows() == 1


def test_a_repeated_request_for_a_finished_job_gets_what_it_became(front_end: FrontEnd) -> None:
    front_end.complete(created(front_end, header_Idempotency_Key="order-1"))

    again = create(front_end, header_Idempotency_Key="order-1")

    assert_success(again, task_status=2)


def test_deleting_a_waiting_job_takes_its_upload_at_once(front_end: FrontEnd) -> None:
    job_id = created(front_end)

    answer = erase(front_end, job_id)

    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert not front_end.object_store.inputs
    assert front_end.services.job_store.claim(Queue.BULK, "worker-1") is None


def test_deleting_a_finished_job_takes_all_outputs_of_all_attempts(front_end: FrontEnd) -> None:
    job_id, other = created(front_end), uuid.uuid4()
    job = front_end.claim(job_id)
    for lease in (job.lease, replace(job.lease, attempt=2), replace(job.lease, job_id=other)):
        front_end.object_store.put_result(lease, IMAGE, b"png")
    front_end.services.job_store.complete(job.lease, {})

    assert erase(front_end, job_id).status_code == 204

    assert list(front_end.object_store.results) == [(other, 1, IMAGE)]


@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize("hours", [0, 2])
def test_a_deleted_job_is_gone_on_every_route_before_and_after_the_sweeper_came(
    front_end: FrontEnd, finished: bool, hours: int
) -> None:
    job_id = created(front_end, header_Idempotency_Key="order-1")
    if finished:
        front_end.complete(job_id)
    erase(front_end, job_id)
    front_end.clock.advance(hours=hours)
    front_end.services.job_store.expire(
        [job.id for job in front_end.services.job_store.take_for_expiry(10, timedelta(minutes=1))]
    )

    for ask in (show, erase, read_back):
        body = assert_error(ask(front_end, job_id), 410, ErrorCode.ERROR_TASK_REVOKED)
        assert body["task_id"] == str(job_id)


@pytest.mark.parametrize("path", [CUTOUT, JOBS])
def test_a_repeated_request_does_not_bring_a_deleted_job_back(
    front_end: FrontEnd, path: str
) -> None:
    job_id = created(front_end, header_Idempotency_Key="order-1")
    erase(front_end, job_id)

    again = front_end.post(path=path, header_Idempotency_Key="order-1")

    assert_error(again, 410, ErrorCode.ERROR_TASK_REVOKED)
    assert not front_end.object_store.inputs


def test_bytes_that_could_not_be_deleted_are_deleted_by_the_next_try(front_end: FrontEnd) -> None:
    job_id = created(front_end)
    front_end.object_store.is_down = True
    assert_error(erase(front_end, job_id), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    front_end.object_store.is_down = False
    assert front_end.object_store.inputs

    assert_error(erase(front_end, job_id), 410, ErrorCode.ERROR_TASK_REVOKED)

    assert not front_end.object_store.inputs


def test_who_waits_for_a_job_that_is_deleted_is_told_at_once(front_end: FrontEnd) -> None:
    worker = finish_soon(front_end, lambda job_id: erase(front_end, job_id))

    answer = create(front_end, header_Prefer="wait=30")

    worker.join()
    assert_error(answer, 410, ErrorCode.ERROR_TASK_REVOKED)
    assert "Location" not in answer.headers


def test_a_database_that_is_away_is_a_503_on_every_route(
    front_end: FrontEnd, broken_job_store: JobStore
) -> None:
    broken = front_end.with_services(
        job_store=broken_job_store, long_polls=LongPolls(front_end.settings, broken_job_store)
    )

    for answer in (
        create(broken),
        show(broken, uuid.uuid4()),
        erase(broken, uuid.uuid4()),
        broken.client().get(JOBS, headers=broken.headers),
        broken.client().get(f"{JOBS}?ids={uuid.uuid4()}", headers=broken.headers),
    ):
        assert_error(answer, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
