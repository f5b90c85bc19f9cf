"""A worker's statements: the claim, and everything that it may do while it holds the lease."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, update

from shared.errors import CommitUncertain, ErrorCode
from shared.job import Job, JobStatus, Lease, Queue
from shared.jobs.history import Event, told
from shared.jobs.job_table import JobTable, change, end
from shared.jobs.rows import to_job
from shared.jobs.transitions import failed, finished, held, queued
from shared.jobs.turns import in_new_turns, to_claim, turn
from shared.sql.planning import hidden
from shared.sql.tables import jobs
from shared.wire.contract import Category
from shared.wire.report import Report

#: How long a claim that found nothing waits before it looks again, as long as there is something to be seen.
_PAUSES = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128)


class ClaimUncertain(CommitUncertain):
    """The answer to the COMMIT of a claim was lost: `Leases.confirm` tells whether there is one."""

    def __init__(self, job: Job) -> None:
        """Say which job it was."""
        super().__init__("the database does not answer")
        #: As it is if the claim is there.
        self.job = job


class Leases(JobTable):
    """What a worker asks of the job table."""

    def claim(self, queue: Queue, owner: str, otherwise: Queue | None = None) -> Job | None:
        """Start the next attempt of the job whose turn it is; None if none is due.

        A message stands for one published job, not for a certain one: so the order can be fair, and a message too many
        finds nothing to do.

        Args:
            queue: Where to look first.
            owner: Names the worker.
            otherwise: Where to look if there is nothing.

        Raises:
            ClaimUncertain: A job may have been claimed. If it was, nobody else works on it before its lease is over.
        """
        queues = [queue] if otherwise is None else [queue, otherwise]
        for pause in _PAUSES:
            if job := self._claim_first(queues, owner):
                return job
            if not self._is_any_due(queues):
                return None
            time.sleep(pause)
        return self._claim_first(queues, owner)

    def _claim_first(self, queues: Sequence[Queue], owner: str) -> Job | None:
        job = None
        try:
            with self._database.writing() as connection:
                job = self._first_of(connection, queues, owner)
        except CommitUncertain as error:
            if job is not None:
                raise ClaimUncertain(job) from error
            raise
        return job

    def _first_of(self, connection: Connection, queues: Sequence[Queue], owner: str) -> Job | None:
        now = self._clock(connection)
        # Workers that claim at once skip each other's row (PostgreSQL), or queue up (SQLite).
        firsts = [
            _first_due(queue, now).with_for_update(skip_locked=True).scalar_subquery()
            for queue in queues
        ]
        changes = {
            "status": JobStatus.PROCESSING,
            "attempt": jobs.c.attempt + 1,
            "lease_owner": owner,
            "lease_expires_at": now + self._limits.lease,
            "started_at": now,
            "history": told(now, Event.CLAIMED, owner),
        }
        which = jobs.c.id == (func.coalesce(*firsts) if len(firsts) > 1 else firsts[0])
        row = connection.execute(update(jobs).where(which).values(changes).returning(jobs))
        claimed = row.mappings().one_or_none()
        return None if claimed is None else to_job(claimed, now)

    def confirm(self, job: Job, owner: str) -> bool:
        """Tell whether the claim of a job is there after all, and extend its lease if so.

        An attempt's number would not do: where the claim is not there, another one may have got the same.

        Args:
            job: As `ClaimUncertain` gives it.
            owner: Who has claimed it.
        """
        this_very = and_(
            held(job.lease), jobs.c.lease_owner == owner, jobs.c.started_at == job.started_at
        )
        with self._database.writing() as connection:
            expires_at = self._clock(connection) + self._limits.lease
            return change(connection, this_very, {"lease_expires_at": expires_at})

    def _is_any_due(self, queues: Sequence[Queue]) -> bool:
        """Look again for what a claim could not see: jobs stored, or given back, since its statement began."""
        with self._database.reading() as connection:
            now = self._clock(connection)
            firsts = (_first_due(queue, now) for queue in queues)
            return any(connection.execute(first).one_or_none() is not None for first in firsts)

    def extend(self, lease: Lease) -> bool:
        """Extend the lease; False if the lease is lost or the job was cancelled."""
        with self._database.writing() as connection:
            expires_at = self._clock(connection) + self._limits.lease
            return change(connection, held(lease), {"lease_expires_at": expires_at})

    def complete(
        self,
        lease: Lease,
        shown: Mapping[Category, bool],
        report: Report | None = None,
        pixels: int = 0,
        laps: Mapping[str, int] = MappingProxyType({}),
    ) -> bool:
        """Finish with outputs; False, and nothing changed, if the lease is lost.

        Args:
            lease: Of the attempt.
            shown: Requested category → whether the photo shows it.
            report: What was measured of the pictures.
            pixels: How many the photo has.
            laps: A part of the attempt → its milliseconds.
        """
        took = " ".join(f"{part}={milliseconds}" for part, milliseconds in laps.items())
        with self._database.writing() as connection:
            changes = finished(JobStatus.SUCCEEDED, self._clock(connection), took)
            outputs = {"shown": dict(shown), "report": report}
            return _settled(connection, lease, {**changes, **outputs}, pixels)

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
            new_turn = in_new_turns(connection, [lease.job_id])
            waiting = queued(now + delay, told(now, Event.RETRIED, code))
            if change(connection, again, {**waiting, **new_turn}):
                return JobStatus.QUEUED
            if _settled(connection, lease, failed(now, code, message)):
                return JobStatus.FAILED
            return None

    def release(
        self, lease: Lease, delay: timedelta = timedelta(0), *, is_suspect: bool = False
    ) -> bool:
        """Give an attempt back, uncounted; False if the lease is lost.

        Args:
            lease: Of the attempt.
            delay: Until the next one may begin.
            is_suspect: Whether it may have broken the device: then it counts as cut off, and runs alone.
        """
        with self._database.writing() as connection:
            now = self._clock(connection)
            new_turn = in_new_turns(connection, [lease.job_id])
            counts = {
                "releases": jobs.c.releases + 1,
                **({"cut_offs": jobs.c.cut_offs + 1} if is_suspect else {}),
            }
            waiting = queued(now + delay, told(now, Event.RELEASED))
            return change(connection, held(lease), {**waiting, **new_turn, **counts})

    def note_refusal(self, lease: Lease) -> None:
        """Write into a job's history that an attempt came too late."""
        with self._database.writing() as connection:
            refused = told(self._clock(connection), Event.REFUSED, str(lease.attempt))
            change(connection, jobs.c.id == lease.job_id, {"history": refused})


def _first_due(queue: Queue, now: datetime) -> Select[tuple[uuid.UUID]]:
    # The sweeper publishes only what is due, so hardly anything is passed over.
    due = and_(to_claim(queue), jobs.c.not_before <= now)
    return select(jobs.c.id).where(due).order_by(*turn).limit(1)


def _settled(
    connection: Connection, lease: Lease, changes: Mapping[str, Any], pixels: int = 0
) -> bool:
    """Finish a held job; also true if this attempt did so before, and only the answer to its COMMIT was lost."""
    if end(connection, held(lease), changes, at_work=True, pixels=pixels):
        return True
    same = and_(
        jobs.c.id == lease.job_id,
        jobs.c.attempt == lease.attempt,
        hidden(jobs.c.status) == changes["status"],
    )
    return connection.execute(select(jobs.c.id).where(same)).one_or_none() is not None
