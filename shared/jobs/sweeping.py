"""The sweeper's statements: each handles at most `limit` rows, so that none takes long."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    delete,
    false,
    or_,
    select,
    update,
)

from shared.errors import ErrorCode
from shared.job import Job, JobStatus, Queue
from shared.jobs.job_table import JobTable, set_published_at
from shared.jobs.limits import ATTEMPTS_SPENT, DEADLINE_PASSED
from shared.jobs.rows import to_job
from shared.jobs.transitions import failed, has_outlived, lease_has_run_out, queued
from shared.tables import jobs


class Sweeping(JobTable):
    """What the sweeper asks of the job table."""

    def rescue(self, limit: int) -> list[Job]:
        """Take jobs from workers whose lease ran out; those whose attempts are spent fail."""
        with self._database.writing() as connection:
            now = self._clock(connection)
            stuck = lease_has_run_out(now)
            spent = failed(now, ErrorCode.PROCESSING_FAILURE, ATTEMPTS_SPENT)
            lost = _change_some(connection, and_(stuck, ~self._attempts_left()), spent, limit)
            saved = _change_some(connection, stuck, queued(now), limit)
            return [to_job(row, now) for row in (*lost, *saved)]

    def fail_late(self, limit: int) -> list[Job]:
        """Fail jobs that have waited past the deadline."""
        with self._database.writing() as connection:
            now = self._clock(connection)
            late = and_(
                jobs.c.status == JobStatus.QUEUED,
                jobs.c.created_at <= now - self._limits.deadline,
            )
            changes = failed(now, ErrorCode.AI_SERVICE_TIMEOUT, DEADLINE_PASSED)
            return [to_job(row, now) for row in _change_some(connection, late, changes, limit)]

    def due_for_publishing(self, queue: Queue, silent_for: timedelta, limit: int) -> list[Job]:
        """List queued jobs that should have a message and have none.

        Those whose message was published `silent_for` ago and taken by nobody count too;
        `timedelta.max` leaves them out.
        """
        with self._database.reading() as connection:
            now = self._clock(connection)
            silent = (
                false() if silent_for == timedelta.max else jobs.c.published_at <= now - silent_for
            )
            due = and_(
                jobs.c.status == JobStatus.QUEUED,
                jobs.c.queue == queue,
                jobs.c.not_before <= now,
                or_(jobs.c.published_at.is_(None), silent),
            )
            rows = connection.execute(
                select(jobs).where(due).order_by(jobs.c.created_at).limit(limit)
            )
            return [to_job(row, now) for row in rows.mappings()]

    def publish(self, job_ids: Collection[uuid.UUID]) -> None:
        """Note that messages for these jobs are about to be published."""
        with self._database.writing() as connection:
            set_published_at(connection, job_ids, self._clock(connection))

    def due_for_expiry(self, limit: int) -> list[Job]:
        """List finished jobs past their lifetime, whose bytes are to be deleted."""
        with self._database.reading() as connection:
            now = self._clock(connection)
            rows = connection.execute(select(jobs).where(has_outlived(now)).limit(limit))
            return [to_job(row, now) for row in rows.mappings()]

    def expire(self, job_ids: Collection[uuid.UUID]) -> int:
        """Mark jobs whose bytes are deleted; gives their idempotency keys free."""
        with self._database.writing() as connection:
            guard = and_(jobs.c.id.in_(job_ids), has_outlived(self._clock(connection)))
            changes = {"status": JobStatus.EXPIRED, "idempotency_key": None, "shown": None}
            return connection.execute(update(jobs).where(guard).values(changes)).rowcount

    def prune(self, older_than: timedelta, limit: int) -> int:
        """Forget jobs that expired long ago."""
        with self._database.writing() as connection:
            old = and_(
                jobs.c.status == JobStatus.EXPIRED,
                jobs.c.expires_at <= self._clock(connection) - older_than,
            )
            some = select(jobs.c.id).where(old).limit(limit)
            return connection.execute(delete(jobs).where(jobs.c.id.in_(some))).rowcount


def _change_some(
    connection: Connection, guard: ColumnElement[bool], changes: Mapping[str, Any], limit: int
) -> list[RowMapping]:
    """Change at most `limit` rows; the guard is checked again on each, so two sweepers never both win."""
    some = select(jobs.c.id).where(guard).limit(limit)
    statement = update(jobs).where(guard, jobs.c.id.in_(some)).values(changes).returning(jobs)
    return list(connection.execute(statement).mappings())
