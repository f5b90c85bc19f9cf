"""Whose turn it is, on every database: tenants take turns, job by job, whatever happens to the queue."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, select

from shared.errors import ErrorCode
from shared.job import Job, Queue
from shared.jobs.store import ATTEMPTS_SPENT, JobStore
from shared.sql.database import Database
from shared.sql.tables import jobs
from tests.clock import ClockOf, HandClock
from tests.conformance.conftest import LIMITS
from tests.conformance.test_job_store import claimed, rescued, stored
from tests.factories import publish

SECOND = timedelta(seconds=1)


def import_of(store: JobStore, clock: HandClock, tenant: str, count: int) -> list[Job]:
    """Let a tenant store many jobs, one after the other."""
    jobs = []
    for _ in range(count):
        jobs.append(stored(store, tenant=tenant))
        clock.advance(milliseconds=1)
    return jobs


def tenants_in_turn(store: JobStore, count: int) -> str:
    """Claim so many jobs, and tell whose they are, by the first letters of their tenants."""
    claims = [store.claim(Queue.INTERACTIVE, "worker-1") for _ in range(count)]
    return "".join(job.tenant[0] for job in claims if job is not None)


def test_a_queue_that_drained_has_not_forgotten_how_far_it_was(
    job_store: JobStore, clock: HandClock
) -> None:
    """Else the fortieth job of a tenant, when it comes back, is behind thirty-nine of another's."""
    running = [claimed(job_store, job) for job in import_of(job_store, clock, "early", 40)]
    import_of(job_store, clock, "late", 39)

    job_store.release(running[-1].lease)
    publish(job_store)

    assert tenants_in_turn(job_store, 40) == "e" + "l" * 39


def test_a_job_that_is_tried_later_does_not_hold_the_others_turns_back(
    job_store: JobStore, clock: HandClock
) -> None:
    """New jobs do not start where that one did, before all that another tenant has waiting."""
    first = claimed(job_store, import_of(job_store, clock, "early", 41)[0])
    job_store.retry(first.lease, 600 * SECOND, ErrorCode.PROCESSING_FAILURE, ATTEMPTS_SPENT)
    assert tenants_in_turn(job_store, 20) == "e" * 20

    import_of(job_store, clock, "late", 20)

    assert tenants_in_turn(job_store, 40) == "el" * 20


@pytest.mark.parametrize("way", ["released", "retried", "rescued"])
def test_a_job_that_comes_back_waits_for_a_turn_like_a_new_one(
    job_store: JobStore, clock: HandClock, way: str
) -> None:
    back = claimed(job_store, import_of(job_store, clock, "early", 1)[0])
    import_of(job_store, clock, "late", 3)

    if way == "released":
        job_store.release(back.lease)
        publish(job_store)
    elif way == "retried":
        job_store.retry(back.lease, 0 * SECOND, ErrorCode.PROCESSING_FAILURE, ATTEMPTS_SPENT)
        publish(job_store)
    else:
        rescued(job_store, clock, back)
    import_of(job_store, clock, "other", 1)

    assert tenants_in_turn(job_store, 5) == "eloll"


@pytest.mark.parametrize("way", ["released", "retried", "rescued"])
def test_jobs_of_a_tenant_that_come_back_together_take_a_turn_each(
    job_store: JobStore, clock: HandClock, way: str
) -> None:
    back = [claimed(job_store, job) for job in import_of(job_store, clock, "early", 4)]
    import_of(job_store, clock, "late", 4)

    if way == "rescued":
        clock.advance(seconds=31)
        job_store.rescue(10)
    for job in back:
        if way == "released":
            job_store.release(job.lease)
        elif way == "retried":
            job_store.retry(job.lease, 0 * SECOND, ErrorCode.PROCESSING_FAILURE, ATTEMPTS_SPENT)
    publish(job_store)

    assert tenants_in_turn(job_store, 8) == "el" * 4


def test_jobs_that_come_back_at_once_take_a_turn_each(
    job_store: JobStore, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.jobs.turns._PAUSES", (0.01,) * 1000)
    back = [claimed(job_store, job) for job in import_of(job_store, clock, "early", 8)]
    import_of(job_store, clock, "late", 8)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(job_store.release, [job.lease for job in back]))
    publish(job_store)

    assert tenants_in_turn(job_store, 16) == "el" * 8


def test_jobs_that_come_back_do_not_wait_for_all_that_their_tenant_stored_since(
    job_store: JobStore, clock: HandClock
) -> None:
    """Behind a long import they would meet their deadline."""
    back = [claimed(job_store, job) for job in import_of(job_store, clock, "early", 22)[:2]]
    import_of(job_store, clock, "late", 2)

    for job in back:
        job_store.release(job.lease)
    publish(job_store)

    first = [job_store.claim(Queue.INTERACTIVE, "worker-1") for _ in range(6)]
    assert {job.id for job in back} <= {job.id for job in first if job}
    assert sum(job.tenant == "late" for job in first if job) == 2


def test_jobs_that_come_back_again_and_again_do_not_run_ahead_of_who_waits(
    job_store: JobStore, clock: HandClock
) -> None:
    import_of(job_store, clock, "early", 1)
    import_of(job_store, clock, "late", 3)
    order = []
    for _ in range(6):
        job = job_store.claim(Queue.INTERACTIVE, "worker-1")
        assert job is not None
        order.append(job.tenant[0])
        if job.tenant == "early":
            job_store.release(job.lease)
            publish(job_store)
            clock.advance(milliseconds=1)

    assert "".join(order).count("l") == 3


def test_who_stores_one_job_at_a_time_does_not_keep_the_others_waiting(
    job_store: JobStore, clock: HandClock
) -> None:
    import_of(job_store, clock, "importer", 5)
    order = ""
    for _ in range(10):
        import_of(job_store, clock, "steady", 1)
        order += tenants_in_turn(job_store, 1)

    assert order[:10] == "is" * 5


def test_jobs_that_were_withdrawn_before_their_turn_leave_no_gap(
    job_store: JobStore, clock: HandClock
) -> None:
    withdrawn = import_of(job_store, clock, "early", 40)[:30]
    for job in withdrawn:
        job_store.erase(job.id, job.tenant)

    import_of(job_store, clock, "late", 10)

    assert tenants_in_turn(job_store, 20) == "el" * 10


def test_jobs_of_a_tenant_that_are_stored_at_once_take_a_turn_each(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one waits until it can see the first one."""
    if database.url.get_backend_name() == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    monkeypatch.setattr("shared.jobs.turns._PAUSES", (0.01,) * 1000)
    has_its_turn, may_commit = threading.Event(), threading.Event()
    waited = threading.Event()

    def dawdle(connection: Connection) -> datetime:
        """Take some time between the turn and the row."""
        has_its_turn.set()
        assert may_commit.wait(10)
        return clock(connection)

    def sleep(seconds: float) -> None:
        waited.set()
        time.sleep(seconds)

    clock = HandClock()
    monkeypatch.setattr("shared.jobs.turns.time", SimpleNamespace(sleep=sleep))
    dawdler, quick = JobStore(database, LIMITS, ClockOf(dawdle)), JobStore(database, LIMITS, clock)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(stored, dawdler)
        assert has_its_turn.wait(10)
        second = pool.submit(stored, quick)
        assert waited.wait(10)
        may_commit.set()
        first.result()
        second.result()
    clock.advance(milliseconds=1)
    stored(quick, tenant="other")

    assert tenants_in_turn(quick, 3) == "sos"


def test_a_front_end_that_stands_still_keeps_no_other_from_storing_jobs(
    database: Database,
) -> None:
    if database.url.get_backend_name() == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    holds, may_end = threading.Event(), threading.Event()

    def stand_still(connection: Connection) -> datetime:
        holds.set()
        assert may_end.wait(10)
        return HandClock().now

    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(stored, JobStore(database, LIMITS, ClockOf(stand_still)))
        assert holds.wait(10)
        stored(JobStore(database, LIMITS))
        may_end.set()
        stuck.result()


def test_a_job_that_somebody_looks_at_is_waited_for_and_not_passed_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message that was read for it would be lost."""
    if database.url.get_backend_name() == "sqlite":
        pytest.skip("SQLite locks no rows")
    store = JobStore(database, LIMITS)
    job = stored(store)
    with database.engine.connect() as connection:
        connection.execute(select(jobs.c.id).where(jobs.c.id == job.id).with_for_update())
        let_go = SimpleNamespace(sleep=lambda _: connection.commit())
        monkeypatch.setattr("shared.jobs.leases.time", let_go)

        found = store.claim(Queue.INTERACTIVE, "worker-1")
    assert found is not None


def test_who_creates_and_claims_finds_a_job_however_many_do_so_at_once(database: Database) -> None:
    """A claim that finds every job taken that it can see looks again: others were stored meanwhile."""
    store = JobStore(database, LIMITS)

    def create_and_claim(number: int) -> Job | None:
        stored(store, tenant=f"tenant-{number}")
        return store.claim(Queue.INTERACTIVE, "worker-1")

    rounds = 3 if database.url.get_backend_name() == "sqlite" else 50
    for _ in range(rounds):
        with ThreadPoolExecutor(8) as pool:
            claims = list(pool.map(create_and_claim, range(8)))
        assert None not in claims
        assert len({job.id for job in claims if job}) == 8
