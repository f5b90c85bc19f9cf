"""`python -m tests.load.sweeping [jobs]`: how fast a sweeper publishes after an outage, and deletes old results.

In one process, on PostgreSQL, Valkey and SeaweedFS.
"""

from __future__ import annotations

import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import redis
import structlog
from sqlalchemy import func, insert, select, update

from shared.job import JobStatus, Lease, Queue
from shared.jobs.rows import new_row
from shared.jobs.transitions import readable_until
from shared.objects.store import IMAGE, ObjectStore
from shared.sql.clock import database_clock
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.sql.tables import jobs
from tests.factories import new_job
from tests.load.site import running_servers, say
from worker.sweeper.app import create_sweeper
from worker.sweeper.sweep import Sweeper

_OUTPUTS = (IMAGE, "tops", "shoes")
_PNG = bytes(20_000)


def publish_all(database: Database, sweeper: Sweeper, client: redis.Redis, count: int) -> None:
    """Publish jobs whose front ends found no broker; and all of them again after it forgot them."""
    _insert(database, count, published=False)
    _sweep_until(sweeper, client, count, "published")
    client.flushall()
    with database.writing() as connection:
        earlier = database_clock(connection) - sweeper.republish_after
        connection.execute(update(jobs).values(published_at=earlier))
    # With so many, nobody misses the rest.
    enough = min(count, 10_000)
    _sweep_until(sweeper, client, enough, "published again after FLUSHALL")


def _sweep_until(sweeper: Sweeper, client: redis.Redis, count: int, what: str) -> None:
    began = time.monotonic()
    first = 0.0
    while client.llen(Queue.BULK) < count:
        sweeper.sweep()
        first = first or time.monotonic() - began
    seconds = time.monotonic() - began
    say(f"{count} jobs {what} in {seconds:.1f} s, the first of them after {first:.2f} s\n")


def expire_all(database: Database, sweeper: Sweeper, store: ObjectStore, count: int) -> None:
    """Delete finished jobs of three outputs."""
    job_ids = _insert(database, count, published=True)

    def put(job_id: uuid.UUID) -> None:
        for name in _OUTPUTS:
            store.put_result(Lease(job_id, 1), name, _PNG)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, job_ids))
    with database.writing() as connection:
        now = database_clock(connection)
        finished = {"status": JobStatus.SUCCEEDED, "shown": {}, "attempt": 1}
        times = {"finished_at": now - timedelta(days=1), **readable_until(now)}
        connection.execute(update(jobs).values(**finished, **times))
    began = time.monotonic()
    while _count(database, JobStatus.EXPIRED) < count:
        sweeper.retention.run()
    seconds = time.monotonic() - began
    say(f"{count} jobs expired in {seconds:.1f} s, {count / seconds:.0f} a second\n")


def _insert(database: Database, count: int, *, published: bool) -> list[uuid.UUID]:
    with database.writing() as connection:
        now = database_clock(connection)
        rows = [new_row(new_job(queue=Queue.BULK), turn, now) for turn in range(count)]
        if not published:
            rows = [{**row, "published_at": None} for row in rows]
        connection.execute(jobs.delete())
        connection.execute(insert(jobs), rows)
    return [row["id"] for row in rows]


def _count(database: Database, status: JobStatus) -> int:
    with database.reading() as connection:
        counted = select(func.count()).where(jobs.c.status == status)
        return connection.execute(counted).scalar_one()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with running_servers() as settings:
        database = Database(settings.database_url)
        migrate(database)
        sweeper = create_sweeper(settings)
        with redis.Redis.from_url(settings.redis_url.get_secret_value()) as client:
            publish_all(database, sweeper, client, count)
        expire_all(database, sweeper, ObjectStore(settings), count // 100)
        database.close()


if __name__ == "__main__":
    main()
