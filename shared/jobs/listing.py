"""A tenant's lists of its jobs, newest first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, bindparam, literal, select, tuple_

from shared.contract import RESULT_LIFETIME
from shared.job import Bookmark, Job, JobStatus
from shared.jobs.job_table import JobTable
from shared.jobs.rows import to_job
from shared.tables import jobs, seen_by

_newest_first = (jobs.c.created_at.desc(), jobs.c.id.desc())


class Listing(JobTable):
    """Lists of jobs."""

    def list_jobs(
        self,
        tenant: str,
        limit: int,
        status: JobStatus | None = None,
        after: Bookmark | None = None,
    ) -> list[Job]:
        """List a tenant's jobs, newest first: those whose `Job.seen_as` is a status, or all."""
        found: list[Job] = []
        with self._database.reading() as connection:
            now = self._clock(connection)
            for part in _parts(tenant, status, now):
                rows = select(jobs).where(part).order_by(*_newest_first).limit(limit)
                if after is not None:
                    rows = rows.where(_behind(after))
                found += [to_job(row, now) for row in connection.execute(rows).mappings()]
        return sorted(found, key=lambda job: (job.created_at, job.id), reverse=True)[:limit]


def seen_as(status: JobStatus, tenant: str) -> ColumnElement[bool]:
    """Match a tenant's jobs in a state, withdrawn ones as cancelled; whether their time is over is not asked."""
    return seen_by == bindparam("seen_by", f"{tenant}:{status}", String, unique=True)


def _parts(tenant: str, status: JobStatus | None, now: datetime) -> list[ColumnElement[bool]]:
    """Match what belongs in a list, in parts each of which lies in one piece of an index."""
    if status is None:
        return [jobs.c.tenant == tenant]
    if status in {JobStatus.SUCCEEDED, JobStatus.FAILED}:
        return [and_(seen_as(status, tenant), jobs.c.expires_at > now)]
    if status is not JobStatus.EXPIRED:
        return [seen_as(status, tenant)]
    not_swept = [
        and_(
            seen_as(finished, tenant),
            jobs.c.expires_at <= now,
            # It follows from the other one, and leaves out the live ones, which are many.
            jobs.c.created_at <= now - RESULT_LIFETIME,
        )
        for finished in (JobStatus.SUCCEEDED, JobStatus.FAILED)
    ]
    return [seen_as(status, tenant), *not_swept]


def _behind(mark: Bookmark) -> ColumnElement[bool]:
    place = tuple_(
        literal(mark.created_at, jobs.c.created_at.type), literal(mark.job_id, jobs.c.id.type)
    )
    return tuple_(jobs.c.created_at, jobs.c.id) < place
