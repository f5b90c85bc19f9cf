"""Health: what is down is named, and nothing that hangs is waited for."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from api.health.readiness import OK, Readiness
from shared.errors import ErrorCode
from shared.jobs.store import JobStore
from shared.messaging.broker import Duty
from shared.sql.schema import migrate
from tests.api.conftest import FrontEnd, Logged
from tests.api.envelope_check import PRIVATE, assert_error, assert_success
from tests.clock import Seconds
from tests.conditions import eventually
from tests.releases import newest_migration, next_release
from tests.webhook_receiver import SECRET

ALL_WELL = {"database": "ok", "redis": "ok", "object_store": "ok"}


@pytest.fixture
def always_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are not kept: a test asks again without waiting a second."""
    monkeypatch.setattr("api.health.readiness._FRESH_SECONDS", 0.0)


def test_a_process_that_lives_says_so_without_a_key(open_front_end: FrontEnd) -> None:
    body = assert_success(open_front_end.client().get("/healthz"), task_status=2)

    assert body["data"] == {}
    assert "checks" not in body


def test_a_process_lives_even_when_all_it_stands_on_is_down(
    front_end: FrontEnd, broken_job_store: JobStore
) -> None:
    front_end.object_store.is_down = front_end.broker.is_down = True
    broken = front_end.with_services(database=broken_job_store._database)

    assert_success(broken.client().get("/healthz"), task_status=2)


def test_a_front_end_is_ready_when_all_three_answer(open_front_end: FrontEnd) -> None:
    for duty in Duty:
        open_front_end.broker.note(duty)

    body = assert_success(open_front_end.client().get("/readyz"), task_status=2)

    assert body["data"] == {}
    assert body["checks"] == ALL_WELL
    assert body["warnings"] == {}


@pytest.mark.parametrize("name", ["redis", "object_store"])
def test_what_is_down_is_named(front_end: FrontEnd, name: str) -> None:
    front_end.broker.is_down = name == "redis"
    front_end.object_store.is_down = name == "object_store"

    answer = front_end.client().get("/readyz")

    body = assert_error(answer, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    assert {key for key, state in body["checks"].items() if state != "ok"} == {name}
    assert name in body["error_msg"]


def test_all_that_is_down_is_named_and_no_host_is(
    front_end: FrontEnd, broken_job_store: JobStore
) -> None:
    front_end.object_store.is_down = front_end.broker.is_down = True
    broken = front_end.with_services(database=broken_job_store._database)

    body = assert_error(broken.client().get("/readyz"), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)

    assert list(body["checks"]) == list(ALL_WELL)
    assert "ok" not in body["checks"].values()
    assert not PRIVATE.search(str(body["checks"]))


def test_a_schema_that_is_not_migrated_is_not_ready_and_names_the_cure(front_end: FrontEnd) -> None:
    with front_end.services.database.writing() as connection:
        connection.execute(text("DELETE FROM alembic_version"))

    body = assert_error(
        front_end.client().get("/readyz"), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE
    )

    assert "cutwork-admin setup" in body["checks"]["database"]


def test_a_migration_that_only_adds_takes_no_front_end_out_of_service(
    front_end: FrontEnd, tmp_path: Path
) -> None:
    migrate(front_end.services.database, next_release(tmp_path))

    body = assert_success(front_end.client().get("/readyz"), task_status=2)

    assert body["checks"] == ALL_WELL


def test_a_front_end_that_is_too_old_for_the_schema_is_not_ready_and_says_so(
    front_end: FrontEnd, tmp_path: Path
) -> None:
    taking_away = next_release(tmp_path, oldest_code=newest_migration() + 1)
    migrate(front_end.services.database, taking_away)

    body = assert_error(
        front_end.client().get("/readyz"), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE
    )

    assert "start a newer release" in body["checks"]["database"]


@pytest.mark.parametrize("seconds", [None, 30.5, 4000.0])
@pytest.mark.parametrize("changes", [{"webhook_secrets": SecretStr(SECRET)}])
@pytest.mark.parametrize(
    ("duty", "name"),
    [
        (Duty.SWEEP, "sweeper"),
        (Duty.RETENTION, "retention"),
        (Duty.BATCHES, "batches"),
        (Duty.WEBHOOKS, "webhooks"),
    ],
)
def test_a_sweeper_that_stays_away_is_a_warning_and_takes_no_front_end_out_of_service(
    front_end: FrontEnd, duty: Duty, name: str, seconds: float | None
) -> None:
    front_end.broker.since = {each: 0.0 for each in Duty if each is not duty}
    if seconds is not None:
        front_end.broker.since[duty] = seconds

    body = assert_success(front_end.client().get("/readyz"), task_status=2)

    assert body["checks"] == ALL_WELL
    assert list(body["warnings"]) == [name]
    assert "worker.sweeper" in body["warnings"][name]
    assert not PRIVATE.search(str(body["warnings"]))


def test_where_no_webhooks_are_sent_nobody_is_missed_who_sends_them(front_end: FrontEnd) -> None:
    front_end.broker.since = {each: 0.0 for each in Duty if each is not Duty.WEBHOOKS}

    assert assert_success(front_end.client().get("/readyz"), task_status=2)["warnings"] == {}


@pytest.mark.parametrize("changes", [{"sweep_interval": 60}])
def test_a_sweeper_is_missed_only_after_ten_of_its_sweeps(front_end: FrontEnd) -> None:
    front_end.broker.since = dict.fromkeys(Duty, 599)

    assert assert_success(front_end.client().get("/readyz"), task_status=2)["warnings"] == {}

    front_end.broker.since = dict.fromkeys(Duty, 601)
    assert assert_success(front_end.client().get("/readyz"), task_status=2)["warnings"] != {}


@pytest.mark.usefixtures("always_anew")
def test_a_sweeper_is_logged_once_when_it_stays_away_and_once_when_it_is_back(
    front_end: FrontEnd, logged: Logged
) -> None:
    client = front_end.client()
    for duty in Duty:
        front_end.broker.note(duty)
    client.get("/readyz")
    for seconds in (40.0, 50.0, 0.0, 1.0):
        front_end.broker.since[Duty.SWEEP] = seconds
        client.get("/readyz")

    assert [(event["event"], event["log_level"]) for event in logged] == [
        ("sweeper.missing", "warning"),
        ("sweeper.seen", "info"),
    ]


def test_where_the_sweepers_word_cannot_be_read_nothing_is_said_of_its_absence(
    front_end: FrontEnd, logged: Logged
) -> None:
    front_end.broker.is_down = True

    body = assert_error(
        front_end.client().get("/readyz"), 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE
    )

    assert set(body["warnings"].values()) == {"cannot be seen: Redis does not answer"}
    assert logged == []


def test_a_check_that_hangs_is_not_waited_for(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr("api.health.readiness._CHECK_SECONDS", 0.1)
    monkeypatch.setattr(front_end.broker, "ping", lambda: released.wait(30))
    began = time.monotonic()

    answer = front_end.client().get("/readyz")
    released.set()

    body = assert_error(answer, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    assert "in time" in body["checks"]["redis"]
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("always_anew")
def test_jobs_that_wait_and_that_no_worker_takes_are_a_warning(
    front_end: FrontEnd, logged: Logged
) -> None:
    for duty in Duty:
        front_end.broker.note(duty)
    client = front_end.client()
    job_id = front_end.submit()

    assert assert_success(client.get("/readyz"), task_status=2)["warnings"] == {}
    front_end.clock.advance(seconds=31)
    body = assert_success(client.get("/readyz"), task_status=2)
    client.get("/readyz")
    front_end.complete(job_id)
    after = assert_success(client.get("/readyz"), task_status=2)

    assert list(body["warnings"]) == ["workers"]
    assert "worker" in body["warnings"]["workers"]
    assert not PRIVATE.search(str(body["warnings"]))
    assert after["warnings"] == {}
    assert [event["event"] for event in logged if event["event"].startswith("worker.")] == [
        "worker.missing",
        "worker.seen",
    ]


class CountedLooks:
    """Counts how often the object store is looked at, and holds each look until it may end."""

    def __init__(self) -> None:
        self.number = 0
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self) -> None:
        self.number += 1
        assert self.may_end.wait(30)


@pytest.fixture
def looks(front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch) -> CountedLooks:
    looks = CountedLooks()
    monkeypatch.setattr(front_end.object_store, "check", looks)
    return looks


def test_however_often_it_is_asked_a_process_looks_once_a_second(
    front_end: FrontEnd, looks: CountedLooks
) -> None:
    seconds = Seconds()
    readiness = Readiness(front_end.settings, front_end.services, seconds)

    found = {tuple(readiness.look().items()) for _ in range(100)}
    assert looks.number == 1
    seconds.now += 0.9
    readiness.look()
    assert looks.number == 1
    seconds.now += 0.2
    readiness.look()
    assert looks.number == 2
    assert len(found) == 1


def test_a_check_that_fails_in_a_way_nobody_foresaw_is_a_finding_like_any_other(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("api.health.readiness.check_schema", fail)

    ready = front_end.client().get("/readyz")

    assert ready.status_code == 503
    assert ready.get_json()["checks"]["database"] == "cannot be looked at; the log says why"


def test_a_hundred_who_ask_at_once_wait_for_one_look(
    front_end: FrontEnd, looks: CountedLooks
) -> None:
    app = front_end.app()
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: statuses.append(app.test_client().get("/readyz").status_code)
        )
        for _ in range(100)
    ]
    looks.may_end.clear()

    for thread in threads:
        thread.start()
    eventually(lambda: looks.number == 1)
    assert statuses == []
    looks.may_end.set()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 100
    assert looks.number == 1


def test_what_is_down_is_looked_at_once_a_second_too(
    front_end: FrontEnd, looks: CountedLooks
) -> None:
    front_end.broker.is_down = True
    client = front_end.client()

    answers = [client.get("/readyz") for _ in range(9)]

    assert {answer.status_code for answer in answers} == {503}
    assert looks.number == 1


def test_what_came_back_is_seen_with_the_next_look(front_end: FrontEnd) -> None:
    seconds = Seconds()
    readiness = Readiness(front_end.settings, front_end.services, seconds)
    front_end.broker.is_down = True
    assert readiness.look()["redis"] != OK

    front_end.broker.is_down = False
    seconds.now += 1.0

    assert readiness.look()["redis"] == OK
