"""What the statements of `shared.jobs` are made of: guards, which a row must match, and changes, which it gets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_

from shared.errors import ErrorCode
from shared.job import FINISHED, JobStatus, Lease
from shared.jobs.history import Event, told
from shared.sql.planning import hidden, in_state
from shared.sql.tables import jobs
from shared.wire.contract import RESULT_LIFETIME

Guard = ColumnElement[bool]
Changes = dict[str, Any]


def held(lease: Lease) -> Guard:
    """Match the job while this very attempt runs: the fence."""
    return and_(
        jobs.c.id == lease.job_id,
        jobs.c.attempt == lease.attempt,
        hidden(jobs.c.status) == JobStatus.PROCESSING,
    )


def lease_has_run_out(now: datetime) -> Guard:
    """Match jobs whose worker has not been heard of for a whole lease; of those that are worked on, there are few."""
    return and_(in_state(JobStatus.PROCESSING), jobs.c.lease_expires_at <= now)


def has_outlived(now: datetime) -> Guard:
    """Match finished jobs past their lifetime, not yet marked so; for those looked up by id."""
    return and_(hidden(jobs.c.status).in_(FINISHED), jobs.c.expires_at <= now)


def queued(not_before: datetime, history: ColumnElement[str]) -> Changes:
    """Let a job wait again, in a new turn (`in_new_turns`), without a message until the sweeper publishes one."""
    return {
        "history": history,
        "status": JobStatus.QUEUED,
        "lease_owner": None,
        "lease_expires_at": None,
        "not_before": not_before,
        "published_at": None,
    }


def finished(status: JobStatus, now: datetime, words: str = "") -> Changes:
    """End a job; its results are readable for their lifetime from now. `words` stand in its history."""
    return {
        "history": told(now, Event(status), words),
        "status": status,
        "lease_owner": None,
        "lease_expires_at": None,
        "finished_at": now,
        "image_url": None,
        **readable_until(now + RESULT_LIFETIME),
    }


def readable_until(expires_at: datetime) -> Changes:
    """Set when results are gone, and from when on they are to be deleted."""
    return {"expires_at": expires_at, "not_before": expires_at}


def failed(now: datetime, code: ErrorCode, message: str) -> Changes:
    """End a job with an error."""
    ended = finished(JobStatus.FAILED, now, code)
    return {**ended, "error_code": code, "error_message": message}


def withdrawn(now: datetime, deadline: timedelta) -> Changes:
    """Withdraw a job, finished or not; its bytes are deleted when no attempt can still be running."""
    return {
        **finished(JobStatus.CANCELLED, now),
        **readable_until(now + deadline),
        "error_code": ErrorCode.ERROR_TASK_REVOKED,
        "error_message": "",
        "shown": None,
        "report": None,
    }
