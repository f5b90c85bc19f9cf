"""A worker's statements: the claim, and everything that it may do while it holds the lease."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, select, update

from shared.contract import Category
from shared.errors import ErrorCode
from shared.job import Job, JobStatus, Lease, Queue
from shared.jobs.job_table import JobTable, change
from shared.jobs.rows import to_job
from shared.jobs.transitions import failed, finished, held, queued
from shared.tables import jobs


class Leases(JobTable):
    """What a worker asks of the job table."""

    def claim(self, queue: Queue, owner: str) -> Job | None:
        """Start the next attempt of the job whose turn it is; None if none is due.

        A message stands for one published job of its queue, not for a certain one: so the order can be fair, and
        a message too many finds nothing to do.
        """
        with self._database.writing() as connection:
            now = self._clock(connection)
            due = and_(
                jobs.c.status == JobStatus.QUEUED,
                jobs.c.queue == queue,
                jobs.c.published_at.is_not(None),
                jobs.c.not_before <= now,
                self._attempts_left(),
            )
            first = select(jobs.c.id).where(due).order_by(jobs.c.turn, jobs.c.created_at).limit(1)
            # Workers that claim at once skip each other's row (PostgreSQL), or queue up (SQLite).
            guard = and_(
                jobs.c.id == first.with_for_update(skip_locked=True).scalar_subquery(), due
            )
            changes = {
                "status": JobStatus.PROCESSING,
                "attempt": jobs.c.attempt + 1,
                "lease_owner": owner,
                "lease_expires_at": now + self._limits.lease,
                "started_at": now,
            }
            row = connection.execute(update(jobs).where(guard).values(changes).returning(jobs))
            claimed = row.mappings().one_or_none()
            return None if claimed is None else to_job(claimed, now)

    def extend(self, lease: Lease) -> bool:
        """Beat the heart; False if the lease is lost or the job was cancelled."""
        with self._database.writing() as connection:
            expires_at = self._clock(connection) + self._limits.lease
            return change(connection, held(lease), {"lease_expires_at": expires_at})

    def complete(self, lease: Lease, shown: Mapping[Category, bool]) -> bool:
        """Finish with outputs; False, and nothing changed, if the lease is lost."""
        with self._database.writing() as connection:
            changes = finished(JobStatus.SUCCEEDED, self._clock(connection))
            return _settled(connection, lease, {**changes, "shown": dict(shown)})

    def fail(self, lease: Lease, code: ErrorCode, message: str) -> bool:
        """Finish with an error; False, and nothing changed, if the lease is lost."""
        with self._database.writing() as connection:
            changes = failed(self._clock(connection), code, message)
            return _settled(connection, lease, changes)

    def retry(
        self, lease: Lease, delay: timedelta, code: ErrorCode, message: str
    ) -> JobStatus | None:
        """Queue the job again after `delay`, or fail it with this error if no attempt is left.

        Returns:
            The state it is in now; None, and nothing changed, if the lease is lost.
        """
        with self._database.writing() as connection:
            now = self._clock(connection)
            again = and_(held(lease), self._attempts_left())
            if change(connection, again, {**queued(now + delay)}):
                return JobStatus.QUEUED
            if change(connection, held(lease), failed(now, code, message)):
                return JobStatus.FAILED
            return None

    def release(self, lease: Lease, delay: timedelta = timedelta(0)) -> bool:
        """Give an attempt back, uncounted, since nothing is wrong with the job; False if the lease is lost."""
        with self._database.writing() as connection:
            not_before = self._clock(connection) + delay
            changes = {**queued(not_before), "releases": jobs.c.releases + 1}
            return change(connection, held(lease), changes)


def _settled(connection: Connection, lease: Lease, changes: Mapping[str, Any]) -> bool:
    """Finish a held job; also true if this attempt did so before, and only the answer to its COMMIT was lost."""
    if change(connection, held(lease), changes):
        return True
    same = and_(
        jobs.c.id == lease.job_id,
        jobs.c.attempt == lease.attempt,
        jobs.c.status == changes["status"],
    )
    return connection.execute(select(jobs.c.id).where(same)).one_or_none() is not None
