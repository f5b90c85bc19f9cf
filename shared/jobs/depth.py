"""How long the queues are, and whether they move."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, select, true

from shared.backlog import LATELY, Backlog
from shared.contract import RESULT_LIFETIME
from shared.job import JobStatus, Place, Queue
from shared.jobs.job_table import JobTable
from shared.tables import jobs


class QueueDepth(JobTable):
    """Looks at queues as a whole."""

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

    def read_head(self, queue: Queue, limit: int) -> list[Place]:
        """Read the places of the first jobs that wait in a queue, in the order in which they are claimed.

        It costs what `limit` says, however long the queue is.
        """
        waiting = and_(jobs.c.status == JobStatus.QUEUED, jobs.c.queue == queue)
        columns = (jobs.c.turn, jobs.c.created_at)
        with self._database.reading() as connection:
            rows = connection.execute(
                select(*columns).where(waiting).order_by(*columns).limit(limit)
            )
            return [Place(*row) for row in rows]

    def count_queued(self, queue: Queue) -> int:
        """Count the jobs of a queue that have been published and not yet claimed."""
        with self._database.reading() as connection:
            waiting = and_(
                jobs.c.status == JobStatus.QUEUED,
                jobs.c.queue == queue,
                jobs.c.published_at.is_not(None),
            )
            return connection.execute(select(func.count()).where(waiting)).scalar_one()


def _finished_since(when: datetime) -> ColumnElement[bool]:
    """Match what workers have finished; by `expires_at`, because that has an index: one is the other and a day."""
    return and_(
        jobs.c.status.in_((JobStatus.SUCCEEDED, JobStatus.FAILED)),
        jobs.c.expires_at > when + RESULT_LIFETIME,
    )
