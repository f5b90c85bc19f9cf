"""Whose turn it is within a queue: start-time fair queueing, with jobs of one size.

P. Goyal, H. Vin, H. Cheng, SIGCOMM 1996. A queue has reached the highest turn of which a job was started. A new job
gets the next one, or the one after its tenant's last waiting job; so a tenant's jobs take one turn after the other, and
a newcomer waits for one job of each other tenant.

What was started stays in the table for days, and nothing waits for so long: a queue that drains does not forget what it
has reached. A job that comes back counts as a newcomer: it would hold up the clock with its old turn, or run before
everybody again and again.
"""

from __future__ import annotations

import hashlib
import time

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, select

from shared.job import JobStatus, NewJob, Queue
from shared.jobs.planning import in_state, not_in_state
from shared.tables import jobs

#: How long jobs of one tenant that are stored at once wait for each other. Those that gave up share a turn.
_PAUSES = (0.002, 0.004, 0.008, 0.016)


def turn_of(connection: Connection, new: NewJob) -> int:
    """Give a new job its turn; another one of its tenant gets none before this transaction has ended, or takes long."""
    _wait_for_own(connection, new)
    own = and_(jobs.c.tenant == new.tenant, jobs.c.queue == new.queue)
    last_own = select(jobs.c.start_tag).where(own, in_state(JobStatus.QUEUED))
    first = select(jobs.c.start_tag).where(to_claim(new.queue)).order_by(*turn)
    parts = (
        _last_started(new.queue),
        last_own.order_by(jobs.c.start_tag.desc()).limit(1).scalar_subquery(),
        # Those before it may have been withdrawn.
        first.limit(1).scalar_subquery() - literal_column("1"),
    )
    reached = connection.execute(select(*(func.coalesce(part, 0) for part in parts))).one()
    return max(int(turn) for turn in reached) + 1


def turn_of_returned() -> ColumnElement[int]:
    """Give jobs that come back, each in its own queue, their next turn."""
    return func.coalesce(_last_started(jobs.c.queue), 0) + 1


def to_claim(queue: Queue) -> ColumnElement[bool]:
    """Match jobs of a queue for which there is a message."""
    return and_(in_state(JobStatus.QUEUED), jobs.c.published_at.is_not(None), jobs.c.queue == queue)


#: The order in which jobs are claimed.
turn = (jobs.c.start_tag, jobs.c.created_at)


def _last_started(queue: Queue | ColumnElement[str]) -> ColumnElement[int]:
    started = jobs.alias("started")
    return (
        select(started.c.start_tag)
        .where(
            started.c.queue == queue,
            not_in_state(JobStatus.QUEUED, started),
            started.c.started_at.is_not(None),
        )
        .order_by(started.c.start_tag.desc())
        .limit(1)
        .scalar_subquery()
    )


def _wait_for_own(connection: Connection, new: NewJob) -> None:
    """Let one after the other of a tenant's jobs get its turn; on SQLite every writer does that anyway."""
    if connection.dialect.name != "postgresql":
        return
    digest = hashlib.blake2b(f"{new.queue}:{new.tenant}".encode(), digest_size=8).digest()
    lock = select(func.pg_try_advisory_xact_lock(int.from_bytes(digest, signed=True)))
    for pause in _PAUSES:
        if connection.execute(lock).scalar_one():
            return
        time.sleep(pause)
