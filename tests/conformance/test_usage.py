"""What tenants use is counted once for each job, on every database, whatever goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from deploy.local.servers.postgres import Postgres
from shared.errors import ErrorCode
from shared.job import Job, JobStatus
from shared.jobs.store import ATTEMPTS_SPENT, JobStore
from shared.sql.clock import database_clock
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.tenants.usage import Day, Usage
from tests.clock import ClockOf, HandClock
from tests.conformance.conftest import LIMITS
from tests.conformance.plans import Explainer, assert_by_index, crowded, indexes_of, steps_on_sqlite
from tests.conformance.test_job_store import claimed, rescued, stored
from tests.factories import new_job

TODAY = date(2026, 11, 23)
CODE = ErrorCode.PROCESSING_FAILURE
NOTHING = {"accepted": 0, "done": 0, "failed": 0, "cancelled": 0, "pixels": 0, "worker_ms": 0}
#: Of a tenant that had 1000 days, and of each of those days.
_CROWD = """
    INSERT INTO usage_days (tenant, day, accepted, done, failed, cancelled, pixels, worker_ms)
    SELECT CASE WHEN tenant = 1 THEN 'shop' ELSE 'tenant ' || tenant END,
           current_date - 1000 + n, 1, 1, 0, 0, 1, 1
    FROM generate_series(1, 1000) n, generate_series(1, 30) tenant
"""


def day(when: date = TODAY, **counts: int) -> Day:
    return Day(day=when, **{**NOTHING, **counts})


def test_a_job_is_counted_when_it_is_stored_and_when_it_ends(
    job_store: JobStore, usage: Usage, clock: HandClock
) -> None:
    job = claimed(job_store)
    clock.advance(seconds=2.5)

    assert job_store.complete(job.lease, {}, None, 1_500_000)

    [found] = usage.read("shop", TODAY, TODAY)
    assert found == day(accepted=1, done=1, pixels=1_500_000, worker_ms=2500)
    assert usage.read("rival", TODAY, TODAY) == []


def test_a_job_that_is_there_already_is_not_counted_again(
    job_store: JobStore, usage: Usage
) -> None:
    new = new_job(idempotency_key="order-1")
    assert job_store.create(new)

    assert job_store.create(new_job(idempotency_key="order-1")) is None
    assert job_store.create(new_job(id=new.id)) is None

    assert usage.read("shop", TODAY, TODAY) == [day(accepted=1)]


def test_a_result_that_comes_twice_or_late_is_counted_once(
    job_store: JobStore, usage: Usage, clock: HandClock
) -> None:
    first = claimed(job_store)
    rescued(job_store, clock, first)
    second = claimed(job_store, first)

    assert not job_store.complete(first.lease, {}, None, 7)
    assert job_store.complete(second.lease, {}, None, 10)
    assert job_store.complete(second.lease, {}, None, 10)
    assert not job_store.fail(first.lease, CODE, "late")

    assert usage.read("shop", TODAY, TODAY) == [day(accepted=1, done=1, pixels=10)]


def test_each_way_to_fail_is_counted_once(
    job_store: JobStore, usage: Usage, clock: HandClock
) -> None:
    refused, retried, lost, late = (stored(job_store) for _ in range(4))
    assert job_store.fail(claimed(job_store, refused).lease, CODE, "no")
    for job in (retried, lost):
        with_no_attempt_left(job_store, job)
    assert (
        job_store.retry(claimed(job_store, retried).lease, timedelta(), CODE, ATTEMPTS_SPENT)
        is JobStatus.FAILED
    )
    claimed(job_store, lost)
    clock.advance(seconds=31)
    [given_up] = job_store.rescue(10)
    assert given_up.status is JobStatus.FAILED
    clock.advance(hours=1)
    assert [job.id for job in job_store.fail_late(10)] == [late.id]

    [found] = usage.read("shop", TODAY, TODAY)
    assert found == day(accepted=4, failed=4, worker_ms=31_000)


def with_no_attempt_left(store: JobStore, job: Job) -> None:
    with store._database.writing() as connection:
        spent = text("UPDATE jobs SET attempt = :spent WHERE id = :id")
        job_id = job.id if connection.dialect.name == "postgresql" else job.id.hex
        connection.execute(spent, {"spent": LIMITS.max_attempts - 1, "id": job_id})


def test_what_is_withdrawn_before_its_end_is_cancelled_and_what_is_done_stays_done(
    job_store: JobStore, usage: Usage
) -> None:
    done = claimed(job_store)
    assert job_store.complete(done.lease, {}, None, 5)
    waiting, running = stored(job_store), stored(job_store)
    assert job_store.erase(waiting.id, "shop")
    attempt = claimed(job_store, running)
    assert job_store.erase(running.id, "shop")

    assert job_store.erase(done.id, "shop")
    assert not job_store.erase(running.id, "shop")
    assert not job_store.complete(attempt.lease, {}, None, 5)

    assert usage.read("shop", TODAY, TODAY) == [day(accepted=3, done=1, cancelled=2, pixels=5)]


def test_a_photo_is_counted_on_the_day_on_which_it_came_and_on_the_one_on_which_it_ended(
    job_store: JobStore, usage: Usage, clock: HandClock
) -> None:
    clock.advance(hours=11, minutes=59)
    job = stored(job_store)
    clock.advance(minutes=1)
    assert job_store.complete(claimed(job_store, job).lease, {})

    tomorrow = TODAY + timedelta(days=1)
    assert usage.read("shop", TODAY, TODAY) == [day(accepted=1)]
    assert usage.read("shop", TODAY, tomorrow) == [day(accepted=1), day(tomorrow, done=1)]


def test_days_outlive_their_jobs_and_are_forgotten_one_by_one(
    job_store: JobStore, usage: Usage, clock: HandClock, database: Database
) -> None:
    for _ in range(3):
        stored(job_store)
        stored(job_store, tenant="rival")
        clock.advance(days=1)
    with database.writing() as connection:
        connection.execute(text("DELETE FROM jobs"))

    assert usage.prune(timedelta(days=3)) == 0
    assert usage.prune(timedelta(days=1)) == 2
    assert usage.prune(timedelta(days=1)) == 2
    assert usage.prune(timedelta(days=1)) == 0

    last = TODAY + timedelta(days=2)
    for tenant in ("shop", "rival"):
        assert usage.read(tenant, TODAY, last) == [day(last, accepted=1)]


def test_the_books_close_however_many_write_in_them_at_once(
    database: Database, usage: Usage
) -> None:
    """With the database's own clock: front ends, workers and a sweeper, and two tenants in one transaction."""
    clock = ClockOf(database_clock)
    stores = [JobStore(database, LIMITS, clock) for _ in range(6)]
    per_store, start = 10, threading.Barrier(len(stores))

    def work(store: JobStore) -> None:
        start.wait()
        for number in range(per_store):
            assert store.create(new_job(tenant=f"tenant {number % 2}"))
            if (job := store.claim(new_job().queue, "worker")) is not None:
                assert store.complete(job.lease, {}, None, 3)

    with ThreadPoolExecutor(len(stores)) as pool:
        list(pool.map(work, stores))
    rest = JobStore(
        database, LIMITS, ClockOf(lambda asked: database_clock(asked) + timedelta(hours=2))
    )
    rest.fail_late(1000)

    year = timedelta(days=365)
    today = date.today()  # noqa: DTZ011 - any day near it
    days = [
        it
        for name in ("tenant 0", "tenant 1")
        for it in usage.read(name, today - year, today + year)
    ]
    assert sum(it.accepted for it in days) == len(stores) * per_store
    assert sum(it.done + it.failed for it in days) == len(stores) * per_store
    assert sum(it.pixels for it in days) == 3 * sum(it.done for it in days)


@pytest.fixture(scope="module", params=["none", "fresh"])
def many_days(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[Database]:
    """A database with many days of many tenants, whose statistics may not know of them."""
    with crowded(postgres, request.param, ["usage_days"], [_CROWD]) as database:
        yield database


def ask(database: Database) -> None:
    """Ask everything that there is to be asked of days."""
    store, usage = JobStore(database, LIMITS), Usage(database)
    assert store.create(new_job())
    job = store.claim(new_job().queue, "worker")
    assert job is not None
    assert store.complete(job.lease, {})
    today = date.today()  # noqa: DTZ011
    assert usage.read("shop", today - timedelta(days=29), today)
    assert usage.prune(timedelta(days=900)) == 30


def test_each_statement_on_days_looks_at_no_more_rows_than_it_needs(many_days: Database) -> None:
    watched = Database(many_days.url.render_as_string(hide_password=False))
    explainer = Explainer(watched, "usage_days")

    ask(watched)

    watched.close()
    assert indexes_of(explainer) == {"usage_days_pkey", "usage_days_by_day"}


def test_sqlite_looks_into_the_indexes_of_days_too(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/jobs.sqlite3")
    migrate(database)
    steps = steps_on_sqlite(database, "usage_days")
    usage = Usage(database)
    usage.read("shop", TODAY, TODAY)
    usage.prune(timedelta(days=1))

    assert steps
    assert_by_index(steps, "usage_days")
    database.close()
