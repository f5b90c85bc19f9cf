"""The sweeper's statements: each handles at most `limit` rows, so that none takes long, and two take none twice."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import and_, delete, true, update

from shared.errors import DatabaseUnavailable, ErrorCode
from shared.job import FINISHED, Job, JobStatus, Queue
from shared.jobs.history import Event, told
from shared.jobs.job_table import JobTable, change_all, lock_some, set_published_at, settle
from shared.jobs.limits import ATTEMPTS_SPENT, DEADLINE_PASSED
from shared.jobs.rows import to_job
from shared.jobs.transitions import failed, has_outlived, lease_has_run_out, queued
from shared.jobs.turns import in_new_turns, to_claim
from shared.sql.planning import in_state
from shared.sql.tables import jobs
from shared.webhooks.deliveries import forget

#: How long one sweep looks for jobs to expire among those that the release before has finished.
_LONGEST_SECONDS = 10.0


class Sweeping(JobTable):
    """What the sweeper asks of the job table."""

    def rescue(self, limit: int) -> list[Job]:
        """Take jobs from workers whose lease ran out; those whose attempts are spent fail."""
        with self._database.writing() as connection:
            now = self._clock(connection)
            stuck = lock_some(connection, lease_has_run_out(now), jobs.c.started_at, limit)
            cut_off = {"cut_offs": jobs.c.cut_offs + 1}
            spent = {**failed(now, ErrorCode.PROCESSING_FAILURE, ATTEMPTS_SPENT), **cut_off}
            left = self._attempts_left()
            new_turn = in_new_turns(connection, stuck)
            again = {**queued(now, told(now, Event.CUT_OFF)), **new_turn, **cut_off}
            waiting = change_all(connection, stuck, left, again)
            ended = change_all(connection, stuck, ~left, spent)
            settle(connection, ended, at_work=True)
            return [to_job(row, now) for row in (*ended, *waiting)]

    def fail_late(self, limit: int) -> list[Job]:
        """Fail jobs that have waited past the deadline."""
        with self._database.writing() as connection:
            now = self._clock(connection)
            is_late = jobs.c.created_at <= now - self._limits.deadline
            waiting = and_(in_state(JobStatus.QUEUED), is_late)
            late = lock_some(connection, waiting, jobs.c.created_at, limit)
            changes = failed(now, ErrorCode.AI_SERVICE_TIMEOUT, DEADLINE_PASSED)
            ended = change_all(connection, late, true(), changes)
            settle(connection, ended)
            return [to_job(row, now) for row in ended]

    def take_for_publishing(
        self, queue: Queue, silent_for: timedelta, limit: int
    ) -> list[uuid.UUID]:
        """Take queued jobs that should have a message and have none.

        They count as published from here on: whoever takes them publishes their messages, or calls `mark_unpublished`.
        Those whose message was published `silent_for` ago and taken by nobody are taken too; `timedelta.max` leaves
        them out.
        """
        with self._database.writing() as connection:
            now = self._clock(connection)
            silent = and_(
                in_state(JobStatus.QUEUED),
                jobs.c.published_at.is_(None),
                jobs.c.queue == queue,
                jobs.c.not_before <= now,
            )
            taken = lock_some(connection, silent, jobs.c.not_before, limit)
            if silent_for < timedelta.max and len(taken) < limit:
                unheard = and_(to_claim(queue), jobs.c.published_at <= now - silent_for)
                rest = limit - len(taken)
                taken += lock_some(connection, unheard, jobs.c.published_at, rest)
            if taken:
                set_published_at(connection, taken, now)
            return taken

    def take_for_expiry(self, limit: int, hold: timedelta) -> list[Job]:
        """Take finished jobs past their lifetime, whose bytes are to be deleted; nobody else gets them for a while.

        They are fewer than `limit` if there are no more of them, or if it took long to come by what is not due yet.
        """
        taken: list[Job] = []
        end = time.monotonic() + _LONGEST_SECONDS
        while rest := limit - len(taken):
            try:
                looked_at, due = self._take_due(rest, hold)
            except DatabaseUnavailable:
                # What was taken before would wait for the end of its hold.
                if not taken:
                    raise
                break
            taken += due
            if looked_at < rest or time.monotonic() >= end:
                break
        return taken

    def _take_due(self, limit: int, hold: timedelta) -> tuple[int, list[Job]]:
        """Look at the first finished jobs, and take what is due of them; return also how many were looked at."""
        with self._database.writing() as connection:
            now = self._clock(connection)
            to_expire = and_(in_state(*FINISHED), jobs.c.not_before <= now)
            first = lock_some(connection, to_expire, jobs.c.not_before, limit)
            # What the release before has finished comes too early once, and is put in its place.
            early = {"not_before": jobs.c.expires_at}
            change_all(connection, first, jobs.c.expires_at > now, early)
            rows = change_all(connection, first, has_outlived(now), {"not_before": now + hold})
            return len(first), [to_job(row, now) for row in rows]

    def postpone_expiry(self, job_ids: Collection[uuid.UUID], delay: timedelta) -> None:
        """Let jobs whose bytes could not be deleted be taken again after a while: behind all others."""
        with self._database.writing() as connection:
            now = self._clock(connection)
            change_all(connection, job_ids, has_outlived(now), {"not_before": now + delay})

    def expire(self, job_ids: Collection[uuid.UUID]) -> int:
        """Mark jobs whose bytes are deleted, and release their idempotency keys."""
        with self._database.writing() as connection:
            guard = and_(jobs.c.id.in_(job_ids), has_outlived(self._clock(connection)))
            changes = {
                "status": JobStatus.EXPIRED,
                "idempotency_key": None,
                "shown": None,
                "report": None,
            }
            return connection.execute(update(jobs).where(guard).values(changes)).rowcount

    def prune(self, older_than: timedelta, limit: int) -> int:
        """Forget jobs that expired long ago."""
        with self._database.writing() as connection:
            is_old = jobs.c.expires_at <= self._clock(connection) - older_than
            old = and_(in_state(JobStatus.EXPIRED), is_old)
            some = lock_some(connection, old, jobs.c.expires_at, limit)
            if not some:
                return 0
            forget(connection, some)
            return connection.execute(delete(jobs).where(jobs.c.id.in_(some))).rowcount
