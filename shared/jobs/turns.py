"""Whose turn it is within a queue: start-time fair queueing, with jobs of one size.

P. Goyal, H. Vin, H. Cheng, SIGCOMM 1996. A queue has reached the highest turn of which a job was started. A new job
gets the next one, or the one after its tenant's last waiting job; so a tenant's jobs take one turn after the other, and
a newcomer waits for one job of each other tenant.

What was started stays in the table for days, and nothing waits for so long: a queue that drains does not forget what it
has reached. A job that comes back gets a turn like a newcomer: it would hold up the clock with its old turn, or run
before everybody again and again. That turn is the one after the last that its tenant's other jobs came back to, and not
after all that its tenant has waiting: behind a long import it would meet its deadline. So a tenant may have two jobs in
a turn, the second of which makes up for an attempt that failed.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    func,
    literal,
    literal_column,
    select,
    true,
)

from shared.job import JobStatus, Queue
from shared.sql.planning import in_state, not_in_state
from shared.sql.tables import jobs

#: How long jobs of one tenant that are stored at once wait for each other. Those that gave up share a turn.
_PAUSES = (0.002, 0.004, 0.008, 0.016)

#: Jobs of which an attempt was made before.
_came_back = jobs.c.attempt > literal_column("0")


class Line(NamedTuple):
    """The jobs of one tenant in one queue."""

    tenant: str
    queue: Queue


def own_turn(connection: Connection, line: Line) -> ColumnElement[int]:
    """Give a new job its turn, as a part of the statement that stores it.

    Another one of its tenant gets none before this transaction has ended, or takes long.
    """
    _wait_for_own(connection, line)
    return _next_turn(connection, line, true())


def first_turn(connection: Connection, line: Line) -> int:
    """Give the first of some new jobs its turn; those behind it get the next ones."""
    return _read_turn(connection, line, true())


def in_new_turns(connection: Connection, job_ids: Sequence[uuid.UUID]) -> dict[str, Any]:
    """Give jobs that come back a turn each, in this order: what their rows get."""
    columns = (jobs.c.id, jobs.c.tenant, jobs.c.queue)
    rows = connection.execute(select(*columns).where(jobs.c.id.in_(job_ids))).all()
    lines = {job_id: Line(tenant, Queue(queue)) for job_id, tenant, queue in rows}
    turns: dict[Line, Iterator[int]] = {
        line: count(_read_turn(connection, line, _came_back))
        for line in sorted(set(lines.values()))
    }
    own = {
        job_id: literal(next(turns[lines[job_id]]), jobs.c.start_tag.type)
        for job_id in job_ids
        if job_id in lines
    }
    return {"start_tag": case(own, value=jobs.c.id)} if own else {}


def to_claim(queue: Queue) -> ColumnElement[bool]:
    """Match jobs of a queue for which there is a message."""
    return and_(in_state(JobStatus.QUEUED), jobs.c.published_at.is_not(None), jobs.c.queue == queue)


#: The order in which jobs are claimed.
turn = (jobs.c.start_tag, jobs.c.created_at)


def _read_turn(connection: Connection, line: Line, which: ColumnElement[bool]) -> int:
    _wait_for_own(connection, line)
    return connection.execute(select(_next_turn(connection, line, which))).scalar_one()


def _next_turn(
    connection: Connection, line: Line, which: ColumnElement[bool]
) -> ColumnElement[int]:
    """Find the turn after what the queue has reached, and after the last one of these of its own jobs."""
    own = and_(jobs.c.tenant == line.tenant, jobs.c.queue == line.queue)
    last_own = select(jobs.c.start_tag).where(own, in_state(JobStatus.QUEUED), which)
    first = select(jobs.c.start_tag).where(to_claim(line.queue)).order_by(*turn)
    parts = (
        _last_started(line.queue),
        last_own.order_by(jobs.c.start_tag.desc()).limit(1).scalar_subquery(),
        # Those before it may have been withdrawn.
        first.limit(1).scalar_subquery() - literal_column("1"),
    )
    largest = func.greatest if connection.dialect.name == "postgresql" else func.max
    reached = largest(*(func.coalesce(part, 0) for part in parts), type_=jobs.c.start_tag.type)
    return reached + literal_column("1")


def _last_started(queue: Queue) -> ColumnElement[int]:
    started = (
        jobs.c.queue == queue,
        not_in_state(JobStatus.QUEUED),
        jobs.c.started_at.is_not(None),
    )
    last = select(jobs.c.start_tag).where(*started).order_by(jobs.c.start_tag.desc())
    return last.limit(1).scalar_subquery()


def _wait_for_own(connection: Connection, line: Line) -> None:
    """Let one after the other of a tenant's jobs get its turn; on SQLite every writer does that anyway."""
    if connection.dialect.name != "postgresql":
        return
    digest = hashlib.blake2b(f"{line.queue}:{line.tenant}".encode(), digest_size=8).digest()
    lock = select(func.pg_try_advisory_xact_lock(int.from_bytes(digest, signed=True)))
    for pause in _PAUSES:
        if connection.execute(lock).scalar_one():
            return
        time.sleep(pause)
