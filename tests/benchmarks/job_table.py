"""`python -m tests.benchmarks.job_table [rows]`: what statements on jobs cost in a large table, against a small one.

On PostgreSQL, whose statistics say of both tables that a hundred finished jobs are in them. Statements run in turn on
both, from one connection each, and medians are compared: what else the machine does hits both.
"""

from __future__ import annotations

import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import select, text

from deploy.local.servers.postgres import Postgres
from shared.job import Job, JobStatus, Queue, Selection
from shared.jobs.store import JobStore, Limits
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.sql.tables import jobs
from tests.crowd import REFERENCE, TENANT, insert_crowd
from tests.factories import new_job

Answer = TypeVar("Answer")

_SMALL, _LARGE = 1_000, 1_000_000
_ROUNDS = 300
_PAGE = 20
#: Of the jobs; a fleet works on a few at once, however many wait.
_SHARES = {JobStatus.QUEUED: 0.4, JobStatus.SUCCEEDED: 0.4, JobStatus.EXPIRED: 0.18}
_PROCESSING = 20
#: Nothing of the crowd is due for anything.
_LIMITS = Limits(lease=timedelta(hours=1), max_attempts=3, deadline=timedelta(days=1))
_SILENCE = timedelta(days=1)


class Side:
    """One of the two tables, and how long each statement took there, in milliseconds."""

    def __init__(self, database: Database) -> None:
        self.store = JobStore(database, _LIMITS)
        self.spent: dict[str, list[float]] = {}
        with database.reading() as connection:
            some = select(jobs.c.id).order_by(jobs.c.id).limit(100)
            self._known = list(connection.execute(some).scalars())

    def go_round(self, number: int) -> None:
        """Time each statement once."""
        store = self.store
        self._time("create", lambda: store.create(new_job(tenant=TENANT)))
        job = self._time("claim", lambda: store.claim(Queue.BULK, "bench", Queue.INTERACTIVE))
        assert job is not None
        self._time("extend", lambda: store.extend(job.lease))
        self._time("complete", lambda: store.complete(job.lease, {}))
        self._time("find", lambda: self._find(number))
        self._time("list", lambda: store.list_jobs(TENANT, _PAGE))
        done = Selection(status=JobStatus.SUCCEEDED)
        self._time("list, succeeded", lambda: store.list_jobs(TENANT, _PAGE, done))
        named = replace(done, reference=REFERENCE)
        self._time("list, of a name", lambda: store.list_jobs(TENANT, _PAGE, named))
        self._time("sweep", self._sweep)
        self._time("expire", lambda: store.take_for_expiry(100, timedelta(minutes=1)))
        self._time("count, up to 100", lambda: store.measure_backlog(TENANT, 100))

    def _find(self, number: int) -> Job | None:
        known: uuid.UUID = self._known[number % len(self._known)]
        return self.store.find(known, TENANT)

    def _sweep(self) -> None:
        self.store.rescue(500)
        self.store.fail_late(500)
        for queue in Queue:
            self.store.take_for_publishing(queue, _SILENCE, 2000)

    def _time(self, name: str, work: Callable[[], Answer]) -> Answer:
        began = time.perf_counter()
        answer = work()
        self.spent.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        return answer


def main() -> None:
    """Print a table."""
    large = int(sys.argv[1]) if len(sys.argv) > 1 else _LARGE
    with Postgres.temporary() as server, ExitStack() as open_databases:
        sides = [
            Side(open_databases.enter_context(_table_of(server, count)))
            for count in (_SMALL, large)
        ]
        for number in range(_ROUNDS):
            # Neither is always the first one.
            for side in sides if number % 2 else reversed(sides):
                side.go_round(number)
    sys.stdout.write(f"\n{'ms, with so many jobs':<28}{_SMALL:>9}{large:>11}{'ratio':>7}\n")
    for name in sides[0].spent:
        few, many = (statistics.median(side.spent[name]) for side in sides)
        sys.stdout.write(f"{name:<28}{few:>9.2f}{many:>11.2f}{many / few:>7.2f}\n")


@contextmanager
def _table_of(server: Postgres, count: int) -> Iterator[Database]:
    database = Database(server.create_database(f"jobs_{count}_{uuid.uuid4().hex[:8]}"))
    migrate(database)
    states: Mapping[JobStatus, int] = {
        JobStatus.PROCESSING: _PROCESSING,
        **{state: int(share * count) for state, share in _SHARES.items()},
    }
    with database.unbounded() as connection:
        connection.execute(text("ALTER TABLE jobs SET (autovacuum_enabled = off)"))
        insert_crowd(connection, {JobStatus.SUCCEEDED: 100})
        connection.commit()
        connection.execute(text("ANALYZE jobs"))
        connection.execute(text("DELETE FROM jobs"))
        insert_crowd(connection, states)
        connection.commit()
    yield database
    database.close()


if __name__ == "__main__":
    main()
