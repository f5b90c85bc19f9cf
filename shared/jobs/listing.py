"""A tenant's lists of its jobs, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    String,
    and_,
    bindparam,
    select,
)

from shared.job import Bookmark, Job, JobStatus, Selection
from shared.jobs.job_table import JobTable
from shared.jobs.rows import to_job
from shared.sql.paging import behind
from shared.sql.planning import hidden
from shared.sql.tables import called_and_seen_by, called_by, jobs, seen_by
from shared.wire.contract import RESULT_LIFETIME

_newest_first = (jobs.c.created_at.desc(), jobs.c.id.desc())


ALL = Selection()


class Listing(JobTable):
    """Lists of jobs."""

    def list_jobs(
        self, tenant: str, limit: int, which: Selection = ALL, after: Bookmark | None = None
    ) -> list[Job]:
        """List those of a tenant's jobs that it wants to see, newest first."""
        found: list[Job] = []
        with self._database.reading() as connection:
            now = self._clock(connection)
            for part in _parts(tenant, which, now):
                rows = select(jobs).where(part, *_of_age(which)).order_by(*_newest_first)
                if after is not None:
                    rows = rows.where(behind((jobs.c.created_at, jobs.c.id), after))
                found += [
                    to_job(row, now) for row in connection.execute(rows.limit(limit)).mappings()
                ]
        return sorted(found, key=lambda job: (job.created_at, job.id), reverse=True)[:limit]


def seen_as(status: JobStatus, tenant: str, reference: str = "") -> ColumnElement[bool]:
    """Match a tenant's jobs in a state, withdrawn ones as cancelled; whether their time is over is not asked."""
    if not reference:
        return seen_by == _one_value(f"{tenant}:{status}")
    called_so = called_and_seen_by == _one_value(f"{tenant}:{status}:{reference}")
    return _of_the_named(called_so, tenant)


def _called(reference: str, tenant: str) -> ColumnElement[bool]:
    return _of_the_named(called_by == _one_value(f"{tenant}:{reference}"), tenant)


def _of_the_named(called_so: ColumnElement[bool], tenant: str) -> ColumnElement[bool]:
    """Let the index of named jobs be used; and take no `a:b` of another's `c` for the `b:c` of `a`."""
    return and_(called_so, jobs.c.reference.is_not(None), hidden(jobs.c.tenant) == tenant)


def _one_value(text: str) -> BindParameter[str]:
    return bindparam("called", text, String, unique=True)


def _parts(tenant: str, which: Selection, now: datetime) -> list[ColumnElement[bool]]:
    """Match what belongs in a list, in parts each of which lies in one piece of an index."""
    status, reference = which.status, which.reference
    if status is None:
        return [_called(reference, tenant) if reference else jobs.c.tenant == tenant]
    seen_so = seen_as(status, tenant, reference)
    if status in {JobStatus.SUCCEEDED, JobStatus.FAILED}:
        return [and_(seen_so, jobs.c.expires_at > now)]
    if status is not JobStatus.EXPIRED:
        return [seen_so]
    not_swept = [
        and_(
            seen_as(finished, tenant, reference),
            jobs.c.expires_at <= now,
            # It follows from the other one, and leaves out the live ones, which are many.
            jobs.c.created_at <= now - RESULT_LIFETIME,
        )
        for finished in (JobStatus.SUCCEEDED, JobStatus.FAILED)
    ]
    return [seen_so, *not_swept]


def _of_age(which: Selection) -> Iterator[ColumnElement[bool]]:
    if which.created_after is not None:
        yield jobs.c.created_at >= which.created_after
    if which.created_before is not None:
        yield jobs.c.created_at < which.created_before
