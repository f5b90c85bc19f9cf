"""What is asked of the database in a job's life: each question is a round trip, and polls come by the thousand.

With the database's own clock, as in production.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, event

from shared.errors import ErrorCode
from shared.job import Job, Lease, Queue
from shared.jobs.store import JobStore
from shared.sql.beginning import BEGIN
from shared.sql.database import Database
from shared.tenants.key_store import KeyStore
from tests.conformance.conftest import LIMITS
from tests.factories import new_job

CODE = ErrorCode.PROCESSING_FAILURE


@contextmanager
def asked(database: Database) -> Iterator[list[str]]:
    """Collect what is sent to the database meanwhile; SQLite is in this process, and begins and commits for nothing."""
    is_remote = database.url.get_backend_name() == "postgresql"
    seen: list[str] = []

    def note(*about: object) -> None:
        if is_remote or about[2] not in {"BEGIN", "BEGIN IMMEDIATE"}:
            seen.append(str(about[2]))

    def note_commit(connection: Connection) -> None:
        if is_remote and not is_idle(connection):
            seen.append("COMMIT")

    event.listen(database.engine, "before_cursor_execute", note)
    event.listen(database.engine, "commit", note_commit)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
        event.remove(database.engine, "commit", note_commit)


def is_idle(connection: Connection) -> bool:
    driver = connection.connection.driver_connection
    assert driver is not None
    return bool(driver.info.transaction_status is TransactionStatus.IDLE)


@dataclass(frozen=True)
class Stand:
    """A job that waits, and the key that it came with."""

    jobs: JobStore
    keys: KeyStore
    job: Job
    key: str

    def claim(self) -> Lease:
        job = self.jobs.claim(Queue.INTERACTIVE, "worker-1", Queue.BULK)
        assert job is not None
        return job.lease


@pytest.fixture
def stand(database: Database) -> Stand:
    jobs, keys = JobStore(database, LIMITS), KeyStore(database)
    job = jobs.create(new_job(idempotency_key="order-1", queue=Queue.INTERACTIVE))
    assert job is not None
    return Stand(jobs, keys, job, keys.create("shop")[1])


@pytest.mark.parametrize(
    "ask",
    [
        lambda stand: stand.jobs.find(stand.job.id, stand.job.tenant),
        lambda stand: stand.jobs.find_by_idempotency_key("order-1", stand.job.tenant),
        lambda stand: stand.keys.find_caller(stand.key),
    ],
    ids=["a job", "a job by its idempotency key", "whose key it is"],
)
def test_what_a_poll_reads_is_one_statement_without_a_transaction(
    database: Database, stand: Stand, ask: Callable[[Stand], object]
) -> None:
    """The row, and the time at which it was read."""
    with asked(database) as seen:
        assert ask(stand)

    assert len(seen) == 1, seen


def test_a_poll_of_a_running_job_is_no_more_than_one_of_a_waiting_one(
    database: Database, stand: Stand
) -> None:
    stand.claim()

    with asked(database) as seen:
        assert stand.jobs.find(stand.job.id, stand.job.tenant)

    assert len(seen) == 1, seen


#: A step of a job → what it does, whether the job is worked on before, and how many rows it changes.
STEPS: dict[str, tuple[Callable[[Stand, Lease], object], bool, int]] = {
    "an upload": (lambda stand, _: stand.jobs.create(new_job()), True, 2),
    "a claim": (lambda stand, _: stand.claim(), False, 1),
    "a heartbeat": (lambda stand, lease: stand.jobs.extend(lease), True, 1),
    "an end": (lambda stand, lease: stand.jobs.complete(lease, {}), True, 2),
    "a failure": (lambda stand, lease: stand.jobs.fail(lease, CODE, "damaged"), True, 2),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_a_job_is_a_statement_for_each_row_that_it_changes(
    database: Database, stand: Stand, step: str
) -> None:
    """The job's, and that of the tenant's day. Neither the time nor the connection is asked for by itself."""
    act, is_running, rows = STEPS[step]
    lease = stand.claim() if is_running else stand.job.lease

    with asked(database) as seen:
        assert act(stand, lease)

    transaction = {BEGIN, "COMMIT"}
    locks = [it for it in seen if "pg_try_advisory_xact_lock" in it]
    assert len(locks) == (step == "an upload" and database.url.get_backend_name() == "postgresql")
    assert len([it for it in seen if it not in {*transaction, *locks}]) == rows, seen
    assert len(seen) <= rows + len(locks) + len(transaction), seen
