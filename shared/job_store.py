"""All SQL on jobs: each change of state is one UPDATE, guarded by the state it starts from.

The row count decides every race, on PostgreSQL and SQLite alike. Statements of a worker carry the attempt
number: a worker that lost its lease finds no row, and changes nothing.

    create      (none)                                   → queued
    claim       queued, published, due, first in turn    → processing, attempt + 1
    extend      processing, this attempt                 → lease moved on
    complete    processing, this attempt                 → succeeded
    fail        processing, this attempt                 → failed
    retry       processing, this attempt                 → queued later, or failed when attempts are spent
    release     processing, this attempt                 → queued now or later, attempt not charged
    erase       queued, processing, readable             → cancelled
    rescue      processing, lease run out                → queued now, or failed when attempts are spent
    fail_late   queued, past the deadline                → failed
    expire      finished, past its lifetime              → expired
    prune       expired, long ago                        → (none)
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from shared.backlog import LATELY, Backlog
from shared.clock import Clock, database_clock
from shared.contract import RESULT_LIFETIME, Category
from shared.database import Database
from shared.errors import ErrorCode
from shared.job import LIVE, Bookmark, Job, JobStatus, Lease, NewJob, Queue
from shared.job_row import new_row, to_job
from shared.job_transitions import (
    behind,
    failed,
    finished,
    has_outlived,
    held,
    lease_has_run_out,
    queued,
    seen_as,
)
from shared.settings import Settings
from shared.tables import jobs

ATTEMPTS_SPENT = "The job was tried as often as it may be, and did not finish."
DEADLINE_PASSED = "The job could not be started in time. Please submit it again."


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long and how often a job may be tried."""

    lease: timedelta
    max_attempts: int
    deadline: timedelta


def limits_of(settings: Settings) -> Limits:
    """Take the limits of a job's life from the settings."""
    return Limits(
        lease=timedelta(seconds=settings.lease),
        max_attempts=settings.max_attempts,
        deadline=timedelta(seconds=settings.deadline),
    )


class JobStore:
    """The job table, for front ends, workers and the sweeper.

    Every method raises `DatabaseUnavailable` when the database cannot be reached.
    """

    def __init__(self, database: Database, limits: Limits, clock: Clock = database_clock) -> None:
        """Use a database whose schema is migrated."""
        self._database = database
        self._limits = limits
        self._clock = clock

    # Front end

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
            return _changed(connection, guard, changes)

    def measure_backlog(self, tenant: str | None, at_most: int) -> Backlog:
        """Measure how many jobs wait and how fast they are worked off; of all tenants if `tenant` is None.

        Counting ends at `at_most`; the age is then that of the oldest among those counted.
        """
        whose = true() if tenant is None else jobs.c.tenant == tenant
        with self._database.reading() as connection:
            now = self._clock(connection)
            some = (
                select(jobs.c.created_at)
                .where(whose, jobs.c.status == JobStatus.QUEUED)
                .limit(at_most)
                .subquery()
            )
            waiting = select(func.count(), func.min(some.c.created_at))
            lately = select(func.count()).where(whose, _finished_since(now - LATELY))
            queued, oldest_at = connection.execute(waiting).one()
            return Backlog(
                queued=queued,
                oldest_age=now - (oldest_at or now),
                finished_lately=connection.execute(lately).scalar_one(),
            )

    def is_stalled(self, patience: timedelta) -> bool:
        """Tell whether a job has been due for so long, and none is worked on nor was finished lately."""
        with self._database.reading() as connection:
            now = self._clock(connection)
            is_waiting = exists().where(
                jobs.c.status == JobStatus.QUEUED, jobs.c.not_before <= now - patience
            )
            is_processing = exists().where(jobs.c.status == JobStatus.PROCESSING)
            has_finished = exists().where(_finished_since(now - LATELY))
            stalled = and_(is_waiting, ~is_processing, ~has_finished)
            return bool(connection.execute(select(stalled)).scalar_one())

    def unpublish(self, job_ids: Collection[uuid.UUID]) -> None:
        """Note that the messages of these jobs did not reach the broker, so that the sweeper rings."""
        with self._database.writing() as connection:
            _set_published_at(connection, job_ids, None)

    # Worker

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
            return _changed(connection, held(lease), {"lease_expires_at": expires_at})

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
            if _changed(connection, again, {**queued(now + delay)}):
                return JobStatus.QUEUED
            if _changed(connection, held(lease), failed(now, code, message)):
                return JobStatus.FAILED
            return None

    def release(self, lease: Lease, delay: timedelta = timedelta(0)) -> bool:
        """Give an attempt back, uncounted, since nothing is wrong with the job; False if the lease is lost."""
        with self._database.writing() as connection:
            not_before = self._clock(connection) + delay
            changes = {**queued(not_before), "releases": jobs.c.releases + 1}
            return _changed(connection, held(lease), changes)

    # Sweeper: each step handles at most `limit` rows, so that none takes long

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
            _set_published_at(connection, job_ids, self._clock(connection))

    def count_queued(self, queue: Queue) -> int:
        """Count the jobs of a queue that have been published and not yet claimed."""
        with self._database.reading() as connection:
            waiting = and_(
                jobs.c.status == JobStatus.QUEUED,
                jobs.c.queue == queue,
                jobs.c.published_at.is_not(None),
            )
            return connection.execute(select(func.count()).where(waiting)).scalar_one()

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

    def _find_one(self, which: ColumnElement[bool]) -> Job | None:
        with self._database.reading() as connection:
            row = connection.execute(select(jobs).where(which)).mappings().one_or_none()
            return None if row is None else to_job(row, self._clock(connection))

    def _attempts_left(self) -> ColumnElement[bool]:
        return jobs.c.attempt - jobs.c.releases < self._limits.max_attempts


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


def _finished_since(when: datetime) -> ColumnElement[bool]:
    """Match what workers have finished; by `expires_at`, because that has an index: one is the other and a day."""
    return and_(
        jobs.c.status.in_((JobStatus.SUCCEEDED, JobStatus.FAILED)),
        jobs.c.expires_at > when + RESULT_LIFETIME,
    )


def _changed(
    connection: Connection, guard: ColumnElement[bool], changes: Mapping[str, Any]
) -> bool:
    return connection.execute(update(jobs).where(guard).values(changes)).rowcount == 1


def _set_published_at(
    connection: Connection, job_ids: Collection[uuid.UUID], when: datetime | None
) -> None:
    waiting = and_(jobs.c.id.in_(job_ids), jobs.c.status == JobStatus.QUEUED)
    connection.execute(update(jobs).where(waiting).values(published_at=when))


def _settled(connection: Connection, lease: Lease, changes: Mapping[str, Any]) -> bool:
    """Finish a held job; also true if this attempt did so before, and only the answer to its COMMIT was lost."""
    if _changed(connection, held(lease), changes):
        return True
    same = and_(
        jobs.c.id == lease.job_id,
        jobs.c.attempt == lease.attempt,
        jobs.c.status == changes["status"],
    )
    return connection.execute(select(jobs.c.id).where(same)).one_or_none() is not None


def _change_some(
    connection: Connection, guard: ColumnElement[bool], changes: Mapping[str, Any], limit: int
) -> list[RowMapping]:
    """Change at most `limit` rows; the guard is checked again on each, so two sweepers never both win."""
    some = select(jobs.c.id).where(guard).limit(limit)
    statement = update(jobs).where(guard, jobs.c.id.in_(some)).values(changes).returning(jobs)
    return list(connection.execute(statement).mappings())
