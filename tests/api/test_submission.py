"""Object before row, row before message; and one job for one idempotency key."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from shared.errors import CommitUncertain, DatabaseUnavailable, ErrorCode
from shared.job import NewJob, Queue
from shared.jobs.store import JobStore
from shared.wire.contract import Category
from tests.api.conftest import FrontEnd, Logged
from tests.api.envelope_check import assert_error, assert_success
from tests.api.photos import photo


def post(front_end: FrontEnd, key: str, image: bytes | None = None, **fields: Any) -> TestResponse:
    fields = {"task_type": "async", **fields}
    return front_end.post(image, header_Idempotency_Key=key, **fields)


def task_id(answer: TestResponse) -> str:
    return str(assert_success(answer, task_status=0)["task_id"])


def published_at(front_end: FrontEnd) -> object:
    with front_end.services.database.reading() as connection:
        return connection.execute(text("SELECT published_at FROM jobs")).scalar_one()


def test_the_input_is_stored_before_the_row_and_the_row_before_the_message(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int, int]] = []

    def note(step: str) -> None:
        seen.append((step, len(front_end.object_store.inputs), front_end.count_rows()))

    real_create, real_publish = JobStore.create, type(front_end.broker).publish

    def create(store: JobStore, new: NewJob) -> object:
        note("create")
        return real_create(store, new)

    def publish(broker: Any, queue: Queue) -> None:
        note("publish")
        real_publish(broker, queue)

    monkeypatch.setattr(JobStore, "create", create)
    monkeypatch.setattr(type(front_end.broker), "publish", publish)

    front_end.submit()

    assert seen == [("create", 1, 0), ("publish", 1, 1)]
    assert published_at(front_end) is not None


def test_a_publish_that_fails_is_not_the_clients_error_and_is_left_to_the_sweeper(
    front_end: FrontEnd, logged: Logged
) -> None:
    front_end.broker.is_down = True

    job_id = front_end.submit()

    assert published_at(front_end) is None
    assert ("job.unpublished", str(job_id)) in [(e["event"], e["task_id"]) for e in logged]


def test_a_failed_publish_that_cannot_even_be_noted_is_not_the_clients_error_either(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DatabaseUnavailable("gone")

    front_end.broker.is_down = True
    monkeypatch.setattr(JobStore, "mark_unpublished", fail)

    front_end.submit()


def test_an_input_that_cannot_be_deleted_after_a_failed_insert_does_not_change_the_answer(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        front_end.object_store.is_down = True
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(JobStore, "create", fail)

    assert_error(front_end.post(), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)


def test_an_upload_whose_row_may_be_stored_is_kept_for_it(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_create = JobStore.create

    def create_and_lose_the_answer(store: JobStore, new: NewJob) -> None:
        real_create(store, new)
        raise CommitUncertain("lost")

    monkeypatch.setattr(JobStore, "create", create_and_lose_the_answer)
    assert_error(post(front_end, "order-1"), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    monkeypatch.undo()

    assert set(front_end.object_store.inputs) == front_end.job_ids()
    assert uuid.UUID(task_id(post(front_end, "order-1"))) in front_end.object_store.inputs


def test_the_same_key_and_payload_are_the_same_job(front_end: FrontEnd) -> None:
    first, second = post(front_end, "order-1"), post(front_end, "order-1")

    assert task_id(first) == task_id(second)
    assert len(front_end.object_store.inputs) == front_end.count_rows() == 1


def test_a_repeated_request_may_wait_in_another_way(front_end: FrontEnd) -> None:
    first = task_id(post(front_end, "order-1"))
    front_end.complete(uuid.UUID(first))

    again = post(front_end, "order-1", task_type="sync")

    assert assert_success(again, task_status=2)["task_id"] == first


@pytest.mark.parametrize(
    "other",
    [
        {"image": photo(65, 65)},
        {"cloth_class": Category.HAT.value},
        {"return_form": "mask"},
        {"out_mode": "1"},
    ],
)
def test_the_same_key_and_another_payload_is_refused(
    front_end: FrontEnd, other: dict[str, Any]
) -> None:
    post(front_end, "order-1")

    answer = post(front_end, "order-1", **other)

    assert_error(answer, 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)
    assert front_end.count_rows() == 1


def test_the_same_key_of_another_tenant_is_another_job(front_end: FrontEnd) -> None:
    first = task_id(post(front_end, "order-1"))
    front_end.headers = front_end.key_for("rival")

    assert task_id(post(front_end, "order-1")) != first


def test_without_a_key_the_same_payload_is_another_job(front_end: FrontEnd) -> None:
    assert front_end.submit() != front_end.submit()


def test_a_key_is_free_again_when_its_job_has_expired(front_end: FrontEnd) -> None:
    first = uuid.UUID(task_id(post(front_end, "order-1")))
    front_end.complete(first)
    front_end.clock.advance(hours=25)
    front_end.services.job_store.expire([first])

    assert task_id(post(front_end, "order-1", return_form="mask")) != str(first)


@pytest.mark.parametrize("key", ["x", "x" * 255, "!~"])
def test_a_key_of_visible_ascii_is_taken(front_end: FrontEnd, key: str) -> None:
    task_id(post(front_end, key))


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "\x7f", "\xfc", "tab\t"])
def test_any_other_key_is_refused(front_end: FrontEnd, key: str) -> None:
    assert_error(post(front_end, key), 400, ErrorCode.ERROR_INVALID_PARAMETER)


def test_posts_with_one_key_at_the_same_time_make_one_job(front_end: FrontEnd) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: post(front_end, "order-1"), range(12)))

    assert len({task_id(answer) for answer in answers}) == 1
    assert front_end.count_rows() == len(front_end.object_store.inputs) == 1
    assert len(front_end.broker.published) == 1


def test_who_loses_the_race_for_a_key_with_another_payload_is_refused(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(front_end, "order-1")
    real = JobStore.find_by_idempotency_key
    answers = iter([None])

    def find(store: JobStore, key: str, tenant: str) -> object:
        return next(answers, real(store, key, tenant))

    monkeypatch.setattr(JobStore, "find_by_idempotency_key", find)

    answer = post(front_end, "order-1", return_form="mask")

    assert_error(answer, 422, ErrorCode.ERROR_CONTENT_NON_COMPLIANCE)
    assert len(front_end.object_store.inputs) == 1


def test_a_key_whose_job_expires_during_the_race_can_be_tried_again(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(front_end, "order-1")
    monkeypatch.setattr(JobStore, "find_by_idempotency_key", lambda *_: None)

    answer = post(front_end, "order-1")

    assert_error(answer, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
