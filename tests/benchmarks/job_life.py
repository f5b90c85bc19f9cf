"""`python -m tests.benchmarks.job_life [rows]`: what a job costs PostgreSQL from its upload until its row is forgotten.

By the job store, one job after the other, beside so many other rows (300,000), and just after a checkpoint: each page
goes into the WAL as a whole when it is first touched then, so the figure is the largest. Sizes are those of a table
with nothing else in it. The table `database` of deploy/capacity/unit_costs.toml comes from here.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import event, text

from deploy.local.servers.postgres import Postgres
from shared.job import CutoutOptions, JobStatus, Queue
from shared.jobs.store import JobStore, Limits
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.wire.contract import Category
from tests.clock import HandClock
from tests.crowd import insert_crowd
from tests.factories import new_job

_ROWS, _JOBS, _TOGETHER = 300_000, 2_000, 100
_LIMITS = Limits(lease=timedelta(seconds=30), max_attempts=3, deadline=timedelta(hours=1))
_KEPT = timedelta(days=7)
_OPTIONS = CutoutOptions(cloth_class=(Category.TOPS,))
_COUNTS = text(
    "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS wal, n_tup_hot_upd AS hot, n_tup_upd AS updates, "
    "n_tup_upd - n_tup_hot_upd + n_tup_del AS dead FROM pg_stat_user_tables WHERE relname = 'jobs'"
)


def main() -> None:
    """Print it."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else _ROWS
    with Postgres.temporary(fsync=True) as server:
        with _table(server, 0) as database:
            _live(database, until_forgotten=False)
            row, index = _sizes(database)
        with _table(server, rows) as database:
            before = _counts(database)
            commits = _live(database, until_forgotten=True)
            after = _counts(database)
    each = {name: (after[name] - before[name]) / _JOBS for name in before}
    sys.stdout.write(
        f"commits_per_photo       {commits / _JOBS:.2f}\n"
        f"wal_bytes_per_photo     {each['wal']:.0f}\n"
        f"row_bytes               {row:.0f}\n"
        f"index_bytes             {index:.0f}\n"
        f"dead rows           {each['dead']:.2f}; updates {each['updates']:.2f}, without indexes {each['hot']:.2f}\n"
    )


def _live(database: Database, *, until_forgotten: bool) -> int:
    """Let jobs live, and count the transactions."""
    clock = HandClock()
    clock.now = datetime.now(UTC)
    store = JobStore(database, _LIMITS, clock)
    commits = 0

    def count(_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database.engine, "commit", count)
    for _ in range(_JOBS):
        store.create(new_job(tenant=f"shop-{uuid.uuid4().hex[:1]}", options=_OPTIONS))
        clock.advance(seconds=0.01)
        job = store.claim(Queue.INTERACTIVE, "worker-7d9c5b7c4-x2x7k:1", Queue.BULK)
        assert job is not None
        clock.advance(seconds=0.3)
        assert store.complete(job.lease, {Category.TOPS: True}, None, 3_000_000)
    if until_forgotten:
        clock.advance(hours=25)
        for _ in range(_JOBS // _TOGETHER):
            store.expire([job.id for job in store.take_for_expiry(_TOGETHER, timedelta(minutes=1))])
        clock.advance(days=8)
        pruned = sum(store.prune(_KEPT, _TOGETHER) for _ in range(_JOBS // _TOGETHER))
        assert pruned == _JOBS
    event.remove(database.engine, "commit", count)
    return commits


@contextmanager
def _table(server: Postgres, rows: int) -> Iterator[Database]:
    """Make a table with so many rows, none of which is due while these jobs live."""
    url = server.create_database(f"life_{uuid.uuid4().hex[:8]}")
    database = Database(f"{url}?options=-csynchronous_commit%3Doff")
    migrate(database)
    with database.unbounded() as connection:
        connection.execute(text("ALTER TABLE jobs SET (autovacuum_enabled = off)"))
        insert_crowd(connection, {JobStatus.EXPIRED: rows} if rows else {})
        later = "interval '60 days'"
        connection.execute(text(f"UPDATE jobs SET expires_at = expires_at + {later}"))
        connection.commit()
    with database.unbounded() as connection:
        free = connection.execution_options(isolation_level="AUTOCOMMIT")
        free.execute(text("VACUUM FULL ANALYZE jobs"))
        free.execute(text("CHECKPOINT"))
    yield database
    database.close()


def _counts(database: Database) -> dict[str, float]:
    # What a process has counted is told when it ends.
    database.close()
    with database.unbounded() as connection:
        row = connection.execute(_COUNTS).mappings().one()
        return {name: float(count) for name, count in row.items()}


def _sizes(database: Database) -> tuple[float, float]:
    sizes = text("SELECT pg_table_size('jobs'), pg_indexes_size('jobs')")
    with database.unbounded() as connection:
        table, indexes = connection.execute(sizes).one()
        return table / _JOBS, indexes / _JOBS


if __name__ == "__main__":
    main()
