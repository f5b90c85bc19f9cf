"""What a poll asks of the database: each question is a round trip, of which there are ten thousand a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from shared.jobs.store import JobStore
from shared.sql.database import Database
from shared.tenants.key_store import KeyStore
from tests.conformance.conftest import LIMITS
from tests.factories import new_job


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile."""
    seen: list[str] = []

    def note(*about: object) -> None:
        if about[2] != "BEGIN":  # SQLAlchemy's own on SQLite, which is no round trip.
            seen.append(str(about[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    "ask",
    [
        lambda jobs, keys, job, key: jobs.find(job.id, job.tenant),
        lambda jobs, keys, job, key: jobs.find_by_idempotency_key("order-1", job.tenant),
        lambda jobs, keys, job, key: keys.find_caller(key),
    ],
    ids=["a job", "a job by its idempotency key", "whose key it is"],
)
def test_one_statement_reads_the_row_and_the_time(
    database: Database, ask: Callable[..., object]
) -> None:
    """With the database's own clock, as in production."""
    job_store, key_store = JobStore(database, LIMITS), KeyStore(database)
    job = job_store.create(new_job(idempotency_key="order-1"))
    _, key = key_store.create("shop")

    with statements(database) as seen:
        assert ask(job_store, key_store, job, key)

    assert len(seen) == 1, seen
