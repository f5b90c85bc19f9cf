"""What batches do to jobs, inside the transactions that say so in their own rows."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from shared.job import JobStatus, NewJob
from shared.jobs.job_table import change_all, settle
from shared.jobs.rows import new_row
from shared.jobs.transitions import withdrawn
from shared.jobs.turns import Line, first_turn
from shared.sql.planning import hidden
from shared.sql.tables import jobs
from shared.tenants.usage import count_accepted


class JobEnd(NamedTuple):
    """What has become of a job, as far as a batch wants to know."""

    status: JobStatus
    #: As its row has it: it is passed on.
    error_code: str | None
    error_message: str
    fingerprint: str


def insert_jobs(connection: Connection, new: Sequence[NewJob], now: datetime) -> None:
    """Store jobs of one tenant and one queue, in this order, in a turn each. They count as published."""
    if not new:
        return
    first = first_turn(connection, Line(new[0].tenant, new[0].queue))
    rows = [new_row(job, turn, now) for turn, job in enumerate(new, first)]
    connection.execute(insert(jobs), rows)
    count_accepted(connection, new[0].tenant, now, len(rows))


def read_ends(connection: Connection, job_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, JobEnd]:
    """Read what has become of jobs; those that are not there are left out."""
    if not job_ids:
        return {}
    job = jobs.c
    columns = (job.id, job.status, job.error_code, job.error_message, job.fingerprint)
    rows = connection.execute(select(*columns).where(job.id.in_(list(job_ids))))
    return {
        job_id: JobEnd(JobStatus(status), code, message, fingerprint)
        for job_id, status, code, message, fingerprint in rows
    }


def withdraw_waiting(
    connection: Connection, job_ids: Collection[uuid.UUID], now: datetime, deadline: timedelta
) -> None:
    """Withdraw those of some jobs that wait; what is being worked on goes on. Their bytes go with time."""
    waits = hidden(jobs.c.status) == JobStatus.QUEUED
    ended = change_all(connection, list(job_ids), waits, withdrawn(now, deadline))
    settle(connection, ended)
