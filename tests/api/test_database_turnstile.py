"""A database that is slow: how many requests wait for it, whose turn it is, and what the others are told."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from api.admission.familiar_keys import STRANGERS, FamiliarKeys
from api.resilience import database_turnstile
from api.resilience.turnstile import Turnstile
from api.routes.jobs import PATH as JOBS
from shared.errors import ErrorCode
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success
from tests.conditions import eventually

#: Three connections: one for questions, two for uploads.
FEW = pytest.mark.parametrize("changes", [{"database_pool_size": 2, "database_pool_overflow": 1}])


class SlowDatabase:
    """Holds every statement on some table until it is let go."""

    def __init__(self, front_end: FrontEnd, table: str) -> None:
        self._table = table
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self.inside = 0
        event.listen(front_end.services.database.engine, "before_cursor_execute", self._hold)

    def _hold(self, _: object, __: object, statement: str, *___: object) -> None:
        if self._table not in statement or self._is_over.is_set():
            return
        with self._lock:
            self.inside += 1
        assert self._is_over.wait(30)

    def let_go(self) -> None:
        self._is_over.set()


@contextmanager
def slow(front_end: FrontEnd, table: str = "FROM jobs") -> Iterator[SlowDatabase]:
    database = SlowDatabase(front_end, table)
    try:
        yield database
    finally:
        database.let_go()


@pytest.fixture
def app(front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """One application for all requests, as in a process."""
    app = front_end.app()
    monkeypatch.setattr(FrontEnd, "app", lambda _: app)
    return app


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_turnstile, "PATIENCE_SECONDS", 0.05)


def poll(front_end: FrontEnd) -> TestResponse:
    return front_end.query(uuid.uuid4())


def list_jobs(front_end: FrontEnd) -> TestResponse:
    return front_end.client().get(JOBS, headers=front_end.headers)


def show(front_end: FrontEnd) -> TestResponse:
    return front_end.client().get(f"{JOBS}/{uuid.uuid4()}", headers=front_end.headers)


def erase(front_end: FrontEnd) -> TestResponse:
    return front_end.client().delete(f"{JOBS}/{uuid.uuid4()}", headers=front_end.headers)


def upload(front_end: FrontEnd) -> TestResponse:
    return front_end.post(task_type="async")


@contextmanager
def sent(
    front_end: FrontEnd, ask: Callable[[FrontEnd], TestResponse], number: int
) -> Iterator[list[TestResponse]]:
    """Send requests that are answered in their own time; all are, at the end."""
    answers: list[TestResponse] = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(front_end))) for _ in range(number)
    ]
    with ExitStack() as stack:
        for thread in threads:
            thread.start()
            stack.callback(thread.join)
        yield answers


@FEW
@pytest.mark.usefixtures("app", "impatient")
@pytest.mark.parametrize("ask", [poll, list_jobs, show, erase])
def test_a_slow_database_holds_one_question_and_the_others_are_told_to_come_later(
    front_end: FrontEnd, ask: Callable[[FrontEnd], TestResponse]
) -> None:
    table = "UPDATE jobs" if ask is erase else "FROM jobs"
    with slow(front_end, table) as database, sent(front_end, ask, 12) as answers:
        eventually(lambda: len(answers) == 11)
        assert database.inside == 1
        database.let_go()

    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(refused) == 11
    for answer in refused:
        assert_error(answer, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
        assert int(answer.headers["Retry-After"]) >= 1


@FEW
@pytest.mark.usefixtures("app", "impatient")
def test_a_slow_database_holds_as_many_uploads_as_there_are_connections_for_them(
    front_end: FrontEnd,
) -> None:
    """And of those that are refused nothing is left behind."""
    with slow(front_end, "INTO jobs") as database, sent(front_end, upload, 8) as answers:
        eventually(lambda: len(answers) >= 6)
        assert database.inside <= 2
        database.let_go()

    accepted = {a.get_json()["task_id"] for a in answers if a.status_code == 200}
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused
    for answer in refused:
        assert_error(answer, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    assert {str(job_id) for job_id in front_end.job_ids()} == accepted
    assert len(front_end.object_store.inputs) == len(accepted)


@FEW
@pytest.mark.usefixtures("app", "impatient")
def test_an_upload_needs_no_place_of_those_who_poll(front_end: FrontEnd) -> None:
    with slow(front_end) as database, sent(front_end, list_jobs, 1):
        eventually(lambda: database.inside == 1)
        refused = poll(front_end)
        database._table = "nothing"
        accepted = upload(front_end)
        database.let_go()

    assert_error(refused, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    task_id = assert_success(accepted, task_status=0)["task_id"]
    assert_success(front_end.query(task_id), task_status=0)


@FEW
@pytest.mark.usefixtures("app")
def test_a_full_line_refuses_at_once(front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight seconds of patience are of no use to those for whom there is no room to wait."""
    monkeypatch.setattr(database_turnstile, "QUESTIONS_IN_LINE", 3)
    turnstile = database_turnstile.DatabaseTurnstile(3)
    monkeypatch.setattr(front_end.services.database, "_admission", turnstile.passing)

    with slow(front_end) as database, sent(front_end, poll, 10) as answers:
        eventually(lambda: len(answers) == 6)
        assert database.inside == 1
        database.let_go()

    assert Counter(answer.status_code for answer in answers) == {503: 6, 404: 4}


def stands_in_line(turnstile: Turnstile, number: int) -> bool:
    return turnstile.waiting == number


@FEW
@pytest.mark.usefixtures("app")
def test_tenants_take_turns_in_the_line(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty polls of one, and then one of another: it is not the last one."""
    monkeypatch.setattr(database_turnstile, "PATIENCE_SECONDS", 60.0)
    rival = front_end.key_for("rival")
    order: list[str] = []

    def answered(who: str, headers: dict[str, str]) -> None:
        answer = front_end.client().get(JOBS, headers=headers)
        assert answer.status_code == 200
        order.append(who)

    answered("rival", rival)  # known from here on
    order.clear()
    turnstile = front_end.services.database._admission.__self__._questions  # type: ignore[attr-defined]
    threads = [
        threading.Thread(target=answered, args=("shop", front_end.headers)) for _ in range(40)
    ]
    threads.append(threading.Thread(target=answered, args=("rival", rival)))
    with slow(front_end) as database:
        for number, thread in enumerate(threads):
            thread.start()
            eventually(partial(stands_in_line, turnstile, number))
            eventually(lambda: database.inside == 1)
        database.let_go()
    for thread in threads:
        thread.join()

    assert len(order) == 41
    assert order.index("rival") < 20


@pytest.mark.usefixtures("app")
def test_a_request_waits_once_and_its_next_transactions_go_before_others(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll looks its key up and then its job: of a thousand that only did the first none is answered."""
    seen: list[bool] = []
    real = Turnstile.passing

    def passing(
        turnstile: Turnstile, tenant: str, patience: float, *, again: bool = False
    ) -> AbstractContextManager[None]:
        seen.append(again)
        return real(turnstile, tenant, patience, again=again)

    monkeypatch.setattr(Turnstile, "passing", passing)

    assert list_jobs(front_end).status_code == 200
    assert list_jobs(front_end).status_code == 200

    assert seen == [False, True, False, True]


def test_all_unknown_keys_are_one_stranger() -> None:
    familiar = FamiliarKeys()
    familiar.note("a key", "shop")

    assert familiar.tenant_of("a key") == "shop"
    assert {familiar.tenant_of(f"guess {number}") for number in range(9)} == {STRANGERS}


def test_the_keys_that_were_used_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.admission.familiar_keys._MOST", 2)
    familiar = FamiliarKeys()
    for key in ("a", "b", "a", "c"):
        familiar.note(key, f"tenant {key}")

    found = [familiar.tenant_of(key) for key in "abc"]

    assert found == ["tenant a", STRANGERS, "tenant c"]


def test_a_revoked_key_that_is_remembered_is_refused(front_end: FrontEnd) -> None:
    app = front_end.app()
    [key] = front_end.services.key_store.list_all()

    def ask() -> TestResponse:
        return app.test_client().get(JOBS, headers=front_end.headers)

    assert ask().status_code == 200
    assert front_end.services.key_store.revoke(key.id)
    assert_error(ask(), 401, ErrorCode.ERROR_USER_NOT_EXISTS)
