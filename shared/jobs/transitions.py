"""What the statements of `shared.jobs` are made of: guards, which a row must match, and changes, which it gets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from shared.contract import RESULT_LIFETIME
from shared.errors import ErrorCode
from shared.job import FINISHED, LIVE, Bookmark, JobStatus, Lease
from shared.tables import jobs

Guard = ColumnElement[bool]
Changes = dict[str, Any]


def held(lease: Lease) -> Guard:
    """Match the job while this very attempt runs: the fence."""
    return and_(
        jobs.c.id == lease.job_id,
        jobs.c.attempt == lease.attempt,
        jobs.c.status == JobStatus.PROCESSING,
    )


def lease_has_run_out(now: datetime) -> Guard:
    """Match jobs whose worker has not been heard of for a whole lease."""
    return and_(jobs.c.status == JobStatus.PROCESSING, jobs.c.lease_expires_at <= now)


def has_outlived(now: datetime) -> Guard:
    """Match finished jobs past their lifetime, not yet marked so."""
    return and_(jobs.c.status.in_(FINISHED), jobs.c.expires_at <= now)


def seen_as(status: JobStatus, now: datetime) -> Guard:
    """Match what `Job.seen_as` says."""
    revoked = ErrorCode.ERROR_TASK_REVOKED
    if status is JobStatus.CANCELLED:
        return jobs.c.error_code == revoked
    if status is JobStatus.EXPIRED:
        return and_(jobs.c.expires_at <= now, jobs.c.error_code.is_distinct_from(revoked))
    if status in LIVE:
        return jobs.c.status == status
    return and_(jobs.c.status == status, jobs.c.expires_at > now)


def behind(mark: Bookmark) -> Guard:
    """Match older jobs; the first half, which says little, is what the index understands."""
    older = or_(jobs.c.created_at < mark.created_at, jobs.c.id < mark.job_id)
    return and_(jobs.c.created_at <= mark.created_at, older)


def queued(not_before: datetime) -> Changes:
    """Let a job wait again, silent until the sweeper rings for it."""
    return {
        "status": JobStatus.QUEUED,
        "lease_owner": None,
        "lease_expires_at": None,
        "not_before": not_before,
        "published_at": None,
    }


def finished(status: JobStatus, now: datetime) -> Changes:
    """End a job; its results are readable for their lifetime from now."""
    return {
        "status": status,
        "lease_owner": None,
        "lease_expires_at": None,
        "finished_at": now,
        "expires_at": now + RESULT_LIFETIME,
    }


def failed(now: datetime, code: ErrorCode, message: str) -> Changes:
    """End a job with an error."""
    return {**finished(JobStatus.FAILED, now), "error_code": code, "error_message": message}
