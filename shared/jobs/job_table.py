"""What all statements on jobs share: the database, the limits of a job's life, the clock."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, select, update

from shared.job import JobStatus
from shared.jobs.limits import Limits
from shared.sql.clock import Clock, database_clock
from shared.sql.database import Database
from shared.sql.planning import hidden
from shared.sql.tables import jobs
from shared.tenants.usage import count_ends
from shared.webhooks.deliveries import note_ends


class JobTable:
    """The job table.

    Every method of those that inherit from it raises `DatabaseUnavailable` when the database cannot be reached.
    """

    def __init__(self, database: Database, limits: Limits, clock: Clock = database_clock) -> None:
        """Use a database whose schema is migrated."""
        self._database = database
        self._limits = limits
        self._clock = clock

    def _attempts_left(self) -> ColumnElement[bool]:
        return jobs.c.attempt - jobs.c.releases < self._limits.max_attempts


def change(connection: Connection, guard: ColumnElement[bool], changes: Mapping[str, Any]) -> bool:
    """Change the one row that a guard matches; False if it matches none."""
    return connection.execute(update(jobs).where(guard).values(changes)).rowcount == 1


def end(
    connection: Connection, guard: ColumnElement[bool], changes: Mapping[str, Any], **counted: Any
) -> bool:
    """End the one job that a guard matches, which has not ended yet; False if it matches none.

    `counted` is what `settle` takes.
    """
    statement = update(jobs).where(guard).values(changes).returning(jobs)
    ended = list(connection.execute(statement).mappings())
    settle(connection, ended, **counted)
    return bool(ended)


def settle(
    connection: Connection, ended: Sequence[RowMapping], *, at_work: bool = False, pixels: int = 0
) -> None:
    """Do what comes with the end of jobs, last in their transaction: word is owed of it, and it is counted."""
    note_ends(connection, ended)
    count_ends(connection, ended, at_work=at_work, pixels=pixels)


def set_published_at(
    connection: Connection, job_ids: Collection[uuid.UUID], when: datetime | None
) -> None:
    """Note when the messages of these jobs were published, as far as they still wait."""
    waiting = and_(jobs.c.id.in_(job_ids), hidden(jobs.c.status) == JobStatus.QUEUED)
    connection.execute(update(jobs).where(waiting).values(published_at=when))


def lock_some(
    connection: Connection,
    guard: ColumnElement[bool],
    order: ColumnElement[Any],
    limit: int,
) -> list[uuid.UUID]:
    """List the first rows that a guard matches, for this transaction alone; those that others have are passed over."""
    some = select(jobs.c.id).where(guard).order_by(order).limit(limit)
    return list(connection.execute(some.with_for_update(skip_locked=True)).scalars())


def change_all(
    connection: Connection,
    job_ids: Collection[uuid.UUID],
    guard: ColumnElement[bool],
    changes: Mapping[str, Any],
) -> list[RowMapping]:
    """Change those of these rows that a guard matches, and return them."""
    if not job_ids:
        return []
    which = and_(jobs.c.id.in_(job_ids), guard)
    statement = update(jobs).where(which).values(changes).returning(jobs)
    return list(connection.execute(statement).mappings())
