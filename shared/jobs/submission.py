"""A client's statements: from the row of an upload to its withdrawal."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, insert, select
from sqlalchemy.exc import IntegrityError

from shared.job import LIVE, Job, JobStatus, NewJob
from shared.jobs.job_table import JobTable, change, end, set_published_at
from shared.jobs.rows import new_row, to_job
from shared.jobs.transitions import withdrawn
from shared.jobs.turns import Line, own_turn
from shared.sql.planning import hidden
from shared.sql.tables import jobs
from shared.tenants.usage import count_accepted


class Submission(JobTable):
    """What a client asks of the job table."""

    def create(self, new: NewJob) -> Job | None:
        """Store a queued job; None if the tenant has a job under this idempotency key, or there is one of this id.

        It counts as published from here on: whoever stores it publishes its message, or calls `unpublish`.
        """
        try:
            with self._database.writing() as connection:
                turn = own_turn(connection, Line(new.tenant, new.queue))
                now = self._clock(connection)
                row = connection.execute(
                    insert(jobs).values(new_row(new, turn, now)).returning(jobs)
                )
                job = to_job(row.mappings().one(), now)
                count_accepted(connection, new.tenant, now)
                return job
        except IntegrityError:
            if new.idempotency_key is None and self._find_one(jobs.c.id == new.id) is None:
                raise
            return None

    def find(self, job_id: uuid.UUID, tenant: str) -> Job | None:
        """Read a tenant's job; None if it is unknown or somebody else's."""
        job = self._find_one(jobs.c.id == job_id)
        return job if job is not None and job.tenant == tenant else None

    def find_all(self, job_ids: Collection[uuid.UUID], tenant: str) -> list[Job]:
        """Read those of some jobs that are a tenant's, in any order."""
        if not job_ids:
            return []
        found = self._find(jobs.c.id.in_(list(job_ids)))
        return [job for job in found if job.tenant == tenant]

    def find_by_idempotency_key(self, key: str, tenant: str) -> Job | None:
        """Read the job that a tenant made under a key, as long as it has not expired."""
        return self._find_one(and_(jobs.c.idempotency_key == key, jobs.c.tenant == tenant))

    def erase(self, job_id: uuid.UUID, tenant: str) -> bool:
        """Withdraw a job, finished or not, before its bytes are deleted.

        The sweeper deletes them once more when no attempt can still be running: so nothing stays for long of
        what a worker stored after this, or of what could not be deleted.

        Returns:
            False if it is gone already, unknown, or somebody else's.
        """
        with self._database.writing() as connection:
            now = self._clock(connection)
            own = and_(jobs.c.id == job_id, hidden(jobs.c.tenant) == tenant)
            state = hidden(jobs.c.status)
            is_live = and_(own, state.in_(LIVE))
            has_ended = and_(
                own, state.in_({JobStatus.SUCCEEDED, JobStatus.FAILED}), jobs.c.expires_at > now
            )
            changes = withdrawn(now, self._limits.deadline)
            return end(connection, is_live, changes) or change(connection, has_ended, changes)

    def mark_unpublished(self, job_ids: Collection[uuid.UUID]) -> None:
        """Note that the messages of these jobs did not reach the broker, so that the sweeper publishes them again."""
        with self._database.writing() as connection:
            set_published_at(connection, job_ids, None)

    def _find_one(self, which: ColumnElement[bool]) -> Job | None:
        return next(iter(self._find(which)), None)

    def _find(self, which: ColumnElement[bool]) -> list[Job]:
        def question(connection: Connection) -> Select[Any]:
            return select(jobs, self._clock.column(connection).label("read_at")).where(which)

        return [to_job(row, row["read_at"]) for row in self._database.fetch(question)]
