"""How long the queues are, and whether they move."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true

from shared.job import FINISHED, JobStatus, Place, Queue
from shared.jobs.backlog import LATELY, Backlog
from shared.jobs.job_table import JobTable
from shared.jobs.listing import seen_as
from shared.jobs.turns import to_claim, turn
from shared.sql.counting import count_rows
from shared.sql.planning import hidden, in_state
from shared.sql.tables import jobs
from shared.wire.contract import RESULT_LIFETIME


class QueueDepth(JobTable):
    """Looks at queues as a whole."""

    def measure_backlog(self, tenant: str | None, at_most: int) -> Backlog:
        """Measure how many jobs wait and how fast they are worked off; of all tenants if `tenant` is None.

        Counting ends at `at_most`; the age is that of the oldest.
        """
        waits = in_state(JobStatus.QUEUED) if tenant is None else seen_as(JobStatus.QUEUED, tenant)
        oldest = select(jobs.c.created_at).where(waits).order_by(jobs.c.created_at).limit(at_most)
        some = oldest.subquery()
        whose = true() if tenant is None else hidden(jobs.c.tenant) == tenant
        with self._database.reading() as connection:
            now = self._clock(connection)
            waiting = select(func.count(), func.min(some.c.created_at))
            queued, oldest_at = connection.execute(waiting).one()
            lately = select(func.count()).where(whose, _finished_since(now - LATELY))
            return Backlog(
                queued=queued,
                oldest_age=now - (oldest_at or now),
                finished_lately=connection.execute(lately).scalar_one(),
            )

    def count_of_key(self, key_id: str, at_most: int) -> int:
        """Count the jobs that were sent with a key and wait; counting ends at `at_most`."""
        waits = and_(in_state(JobStatus.QUEUED), jobs.c.key_id == key_id)
        # In an order that no other index of what waits has.
        some = select(jobs.c.start_tag).where(waits).order_by(jobs.c.start_tag).limit(at_most)
        with self._database.reading() as connection:
            return count_rows(connection, some)

    def is_stalled(self, patience: timedelta) -> bool:
        """Tell whether a job has been due for so long, and in that time none was finished; nor is one worked on."""
        with self._database.reading() as connection:
            now = self._clock(connection)
            # A lease that has run out is one of a worker that is gone.
            at_work = and_(in_state(JobStatus.PROCESSING), jobs.c.lease_expires_at > now)
            is_at_work = _any(at_work, jobs.c.started_at)
            has_finished = _any(_finished_since(now - patience), jobs.c.not_before)
            due = and_(
                in_state(JobStatus.QUEUED),
                jobs.c.created_at <= now - patience,
                # Whatever came back since then is passed over: few, where nothing is worked on.
                jobs.c.not_before <= now - patience,
            )
            is_waiting = _any(due, jobs.c.created_at)
            stalled = and_(is_waiting, ~is_at_work, ~has_finished)
            return bool(connection.execute(select(stalled)).scalar_one())

    def read_head(self, queue: Queue, limit: int) -> list[Place]:
        """Read the places of the first jobs of a queue, in the order in which they are claimed.

        It costs what `limit` says, however long the queue is.
        """
        places = select(*turn).where(to_claim(queue)).order_by(*turn).limit(limit)
        with self._database.reading() as connection:
            return [Place(*row) for row in connection.execute(places)]

    def count_queued(self, queue: Queue, at_most: int) -> int:
        """Count the jobs of a queue that have been published and not yet claimed; counting ends at `at_most`."""
        some = select(jobs.c.start_tag).where(to_claim(queue)).order_by(*turn).limit(at_most)
        with self._database.reading() as connection:
            return count_rows(connection, some)


def _any(guard: ColumnElement[bool], order: ColumnElement[Any]) -> ColumnElement[bool]:
    """Ask for the first row; of an EXISTS PostgreSQL would not be told by which index."""
    first = select(jobs.c.id).where(guard).order_by(order).limit(1)
    return first.scalar_subquery().is_not(None)


def _finished_since(when: datetime) -> ColumnElement[bool]:
    """Match what workers have finished; by `not_before`, which has an index: one is the other and a day."""
    return and_(
        in_state(*FINISHED),
        jobs.c.not_before > when + RESULT_LIFETIME,
        hidden(jobs.c.status) != JobStatus.CANCELLED,
    )
