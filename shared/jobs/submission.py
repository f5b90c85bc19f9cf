"""A client's statements: from the row of an upload to its withdrawal."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from shared.errors import ErrorCode
from shared.job import LIVE, Bookmark, Job, JobStatus, NewJob
from shared.jobs.job_table import JobTable, change, set_published_at
from shared.jobs.rows import new_row, to_job
from shared.jobs.transitions import behind, finished, seen_as
from shared.tables import jobs


class Submission(JobTable):
    """What a client asks of the job table."""

    def create(self, new: NewJob) -> Job | None:
        """Store a queued job; None if the tenant has a job under this idempotency key.

        It counts as published from here on: whoever stores it publishes its message, or calls `unpublish`.
        """
        try:
            with self._database.writing() as connection:
                now = self._clock(connection)
                row = connection.execute(
                    insert(jobs)
                    .values(new_row(new, _turn_of(connection, new), now))
                    .returning(jobs)
                )
                return to_job(row.mappings().one(), now)
        except IntegrityError:
            if new.idempotency_key is None:
                raise
            return None

    def find(self, job_id: uuid.UUID, tenant: str) -> Job | None:
        """Read a tenant's job; None if it is unknown or somebody else's."""
        return self._find_one(and_(jobs.c.id == job_id, jobs.c.tenant == tenant))

    def find_by_idempotency_key(self, key: str, tenant: str) -> Job | None:
        """Read the job that a tenant made under a key, as long as it has not expired."""
        return self._find_one(and_(jobs.c.idempotency_key == key, jobs.c.tenant == tenant))

    def list_jobs(
        self,
        tenant: str,
        limit: int,
        status: JobStatus | None = None,
        after: Bookmark | None = None,
    ) -> list[Job]:
        """List a tenant's jobs, newest first: those that are `seen_as` a status, or all."""
        with self._database.reading() as connection:
            now = self._clock(connection)
            wanted = [jobs.c.tenant == tenant]
            if status is not None:
                wanted.append(seen_as(status, now))
            if after is not None:
                wanted.append(behind(after))
            newest = (jobs.c.created_at.desc(), jobs.c.id.desc())
            rows = connection.execute(select(jobs).where(*wanted).order_by(*newest).limit(limit))
            return [to_job(row, now) for row in rows.mappings()]

    def erase(self, job_id: uuid.UUID, tenant: str) -> bool:
        """Withdraw a job, finished or not, before its bytes are deleted.

        The sweeper deletes them once more when no attempt can still be running: so nothing stays for long of
        what a worker stored after this, or of what could not be deleted.

        Returns:
            False if it is gone already, unknown, or somebody else's.
        """
        with self._database.writing() as connection:
            now = self._clock(connection)
            there = or_(jobs.c.status.in_(LIVE), jobs.c.expires_at > now)
            guard = and_(
                jobs.c.id == job_id,
                jobs.c.tenant == tenant,
                jobs.c.status.in_({*LIVE, JobStatus.SUCCEEDED, JobStatus.FAILED}),
                there,
            )
            changes = {
                **finished(JobStatus.CANCELLED, now),
                "expires_at": now + self._limits.deadline,
                "error_code": ErrorCode.ERROR_TASK_REVOKED,
                "error_message": "",
                "shown": None,
            }
            return change(connection, guard, changes)

    def unpublish(self, job_ids: Collection[uuid.UUID]) -> None:
        """Note that the messages of these jobs did not reach the broker, so that the sweeper rings."""
        with self._database.writing() as connection:
            set_published_at(connection, job_ids, None)

    def _find_one(self, which: ColumnElement[bool]) -> Job | None:
        with self._database.reading() as connection:
            row = connection.execute(select(jobs).where(which)).mappings().one_or_none()
            return None if row is None else to_job(row, self._clock(connection))


def _turn_of(connection: Connection, new: NewJob) -> int:
    """One after the tenant's last waiting job, and never before the turn that the queue has reached.

    Start-time fair queueing with jobs of one size: P. Goyal, H. Vin, H. Cheng, SIGCOMM 1996.
    """
    waiting = and_(jobs.c.status == JobStatus.QUEUED, jobs.c.queue == new.queue)
    last_own = select(func.max(jobs.c.turn)).where(waiting, jobs.c.tenant == new.tenant)
    reached = select(func.min(jobs.c.turn)).where(waiting)
    turns = select(
        func.coalesce(last_own.scalar_subquery() + 1, 0),
        func.coalesce(reached.scalar_subquery(), 0),
    )
    own, others = connection.execute(turns).one()
    return max(int(own), int(others))
