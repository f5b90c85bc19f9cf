"""Many jobs at once: named by their ids, in that order, and waited for until one of them is finished."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from api.answers import long_poll
from api.answers.job_ids import MAX_IDS
from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from shared.wire.contract import Category
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error
from tests.conditions import eventually


def ask(front_end: FrontEnd, *ids: object, **more: str) -> TestResponse:
    query = {"ids": ",".join(map(str, ids)), **more}
    return front_end.client().get(JOBS, query_string=query, headers=front_end.headers)


def named(front_end: FrontEnd, *ids: object, **more: str) -> list[dict[str, Any]]:
    answer = ask(front_end, *ids, **more)
    assert answer.status_code == 200, answer.text
    jobs: list[dict[str, Any]] = answer.get_json()["data"]["jobs"]
    return jobs


def show(front_end: FrontEnd, job_id: object) -> dict[str, Any]:
    answer = front_end.client().get(f"{JOBS}/{job_id}", headers=front_end.headers)
    body: dict[str, Any] = answer.get_json()
    return body


def test_named_jobs_come_in_the_order_in_which_they_are_named(front_end: FrontEnd) -> None:
    jobs = [front_end.submit() for _ in range(3)]
    wanted = [str(job) for job in (jobs[1], jobs[2], jobs[0], jobs[1])]

    assert [job["task_id"] for job in named(front_end, *wanted)] == wanted


def test_each_has_all_that_its_own_answer_has(front_end: FrontEnd) -> None:
    done = front_end.submit(cloth_class="tops")
    front_end.complete(done, {Category.TOPS: True})
    failed = front_end.submit()
    code = ErrorCode.FILE_DECODING_FAILURE
    front_end.services.job_store.fail(front_end.claim(failed).lease, code, "x")
    waiting = front_end.submit()
    answer = ask(front_end, done, failed, waiting)

    jobs = answer.get_json()["data"]["jobs"]

    for job in jobs:
        alone = show(front_end, job["task_id"])
        for name in ("log_id", "task_status", "reference", "metadata", "error_detail"):
            assert job[name] == alone[name]
        assert (job.get("data"), job.get("queue")) == (alone.get("data"), alone.get("queue"))
    assert [job["status"] for job in jobs] == ["succeeded", "failed", "queued"]
    assert jobs[2]["queue"]["position"] == 1
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Retry-After" not in ask(front_end, done, failed).headers


def test_unknown_jobs_and_another_tenants_are_marked_and_cannot_be_told_apart(
    front_end: FrontEnd,
) -> None:
    foreign, unknown, own = front_end.submit(), uuid.uuid4(), None
    stranger = replace(front_end, headers=front_end.key_for("rival"))
    own = stranger.submit()

    first, second, third, fourth = named(stranger, foreign, unknown, own, "no-id")

    assert {**first, "task_id": ""} == {**second, "task_id": ""} == {**fourth, "task_id": ""}
    assert (first["task_id"], fourth["task_id"]) == (str(foreign), "no-id")
    assert (first["status"], first["error_detail"]["status_code"]) == ("unknown", 404)
    assert third["status"] == "queued"


def test_a_hundred_jobs_are_read_by_one_statement(front_end: FrontEnd) -> None:
    ids = [front_end.submit(), *(uuid.uuid4() for _ in range(MAX_IDS - 1))]
    statements: list[str] = []

    @event.listens_for(front_end.services.database.engine, "before_cursor_execute")
    def note(_: object, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    assert len(named(front_end, *ids)) == MAX_IDS

    # The forecast reads no whole rows.
    assert len([it for it in statements if "jobs.log_id" in it]) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"ids": ""},
        {"ids": " , "},
        {"ids": ",".join([str(uuid.uuid4())] * (MAX_IDS + 1))},
        {"ids": "a", "status": "queued"},
        {"ids": "a", "reference": "A"},
        {"ids": "a", "cursor": "A" * 32},
        {"ids": "a", "wait": "soon"},
        {"wait": "1"},
    ],
    ids=lambda query: str(query)[:40],
)
def test_what_names_no_jobs_or_asks_for_two_things_is_refused(
    front_end: FrontEnd, query: dict[str, str]
) -> None:
    answer = front_end.client().get(JOBS, query_string=query, headers=front_end.headers)

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)


class Asking(threading.Thread):
    """A client that waits."""

    def __init__(self, front_end: FrontEnd, *ids: object) -> None:
        super().__init__()
        self._front_end, self._ids = front_end, ids
        self.states: list[str] = []
        self.start()

    def run(self) -> None:
        self.states = [job["status"] for job in named(self._front_end, *self._ids, wait="30")]


def test_a_wait_ends_when_one_of_the_jobs_is_finished(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_poll, "_FIRST_LOOK", 60.0)
    first, second = front_end.submit(), front_end.submit()
    events = front_end.services.long_polls._events
    asking = Asking(front_end, second, uuid.uuid4(), first)
    eventually(lambda: first in events and second in events)

    front_end.complete(first)

    asking.join(10)
    assert asking.states == ["queued", "unknown", "succeeded"]
    assert not events


def test_a_deleted_job_ends_the_wait_too(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_poll, "_FIRST_LOOK", 60.0)
    job_id = front_end.submit()
    asking = Asking(front_end, job_id)
    eventually(lambda: job_id in front_end.services.long_polls._events)

    front_end.client().delete(f"{JOBS}/{job_id}", headers=front_end.headers)

    asking.join(10)
    assert asking.states == ["cancelled"]


@pytest.mark.parametrize("case", ["one is finished", "none is there"])
def test_nobody_waits_for_what_is_over(front_end: FrontEnd, case: str) -> None:
    """Who asks anew does not miss an ending between two questions."""
    done = front_end.submit()
    front_end.complete(done)
    ids = [done, front_end.submit()] if case == "one is finished" else [uuid.uuid4()]
    began = time.monotonic()

    named(front_end, *ids, wait="30")

    assert time.monotonic() - began < 10


def test_one_job_can_be_waited_for_by_its_own_path(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_poll, "_FIRST_LOOK", 60.0)
    job_id = front_end.submit()
    answers: list[TestResponse] = []
    path = f"{JOBS}/{job_id}?wait=30"
    client = front_end.client()
    asking = threading.Thread(
        target=lambda: answers.append(client.get(path, headers=front_end.headers))
    )
    asking.start()
    eventually(lambda: job_id in front_end.services.long_polls._events)

    front_end.complete(job_id)

    asking.join(10)
    assert answers[0].get_json()["task_status"] == 2


def test_a_wait_that_is_no_number_is_refused(front_end: FrontEnd) -> None:
    job_id = front_end.submit()

    answer = front_end.client().get(f"{JOBS}/{job_id}?wait=soon", headers=front_end.headers)

    assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
