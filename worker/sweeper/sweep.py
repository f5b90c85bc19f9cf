"""One sweep over all jobs: it repairs what accidents leave behind.

Any number may run: every step is a guarded UPDATE. Each step handles a bounded number of rows, and one that fails
does not keep the others from running. What waits for the object store is done beside it (`worker.sweeper.retention`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from shared.errors import BrokerUnavailable
from shared.job import Job, JobStatus, Queue
from shared.jobs.store import JobStore
from shared.messaging.announcements import Announcer
from shared.messaging.broker import Broker
from shared.telemetry.job_metrics import count_finished
from shared.telemetry.logs import about, get_logger
from worker.sweeper.metrics import REPUBLISHED, RESCUED
from worker.sweeper.retention import Retention
from worker.sweeper.steps import run_steps

_log = get_logger(__name__)

_ROWS_PER_STEP = 500
_MESSAGES_PER_STEP = 2000
#: As long as the broker holds more of them, nobody misses those that it lost, and jobs are not counted.
_MANY_MESSAGES = 10_000


@dataclass(frozen=True)
class Sweeper:
    """One sweep at a time over all jobs."""

    job_store: JobStore
    retention: Retention
    broker: Broker
    announcer: Announcer
    republish_after: timedelta

    def sweep(self) -> bool:
        """Run every step once; a step whose store is away is logged, and left to the next sweep.

        Returns:
            Whether there is more to do at once.
        """
        return run_steps("sweep.step_failed", self.rescue, self.fail_late, self.publish)

    def rescue(self) -> bool:
        """Take jobs from workers that died or hang, to be published by this sweep; True if there may be more."""
        rescued = self.job_store.rescue(_ROWS_PER_STEP)
        RESCUED.inc(len(rescued))
        for job in rescued:
            _log.warning("job.rescued", **about(job), status=job.status)
        self._bury(job for job in rescued if job.status is JobStatus.FAILED)
        return len(rescued) >= _ROWS_PER_STEP

    def fail_late(self) -> bool:
        """Fail what has waited past the deadline; True if there may be more."""
        late = self.job_store.fail_late(_ROWS_PER_STEP)
        for job in late:
            _log.warning("job.failed", **about(job), code=job.error_code)
        self._bury(late)
        return len(late) == _ROWS_PER_STEP

    def publish(self) -> bool:
        """Publish jobs that no message stands for; True if there may be more.

        A long queue is not a lost one: old messages are taken for lost only by as many as the broker holds fewer than
        the table has published jobs. Of both queues together, since the reader of a message may take a job of either.
        """
        lost = self._count_lost()
        is_more = False
        for queue in Queue:
            is_more |= (
                self._publish_for(queue, timedelta.max, _MESSAGES_PER_STEP) == _MESSAGES_PER_STEP
            )
        limit = min(lost, _MESSAGES_PER_STEP)
        for queue in Queue:
            if limit > 0:
                limit -= self._publish_for(queue, self.republish_after, limit)
        return is_more or (limit == 0 and lost > _MESSAGES_PER_STEP)

    def _count_lost(self) -> int:
        """Count messages that are missing.

        A job whose message is on its way between the two counts is one too many. Where older jobs wait it costs one of
        them a second message, which finds nothing to do.
        """
        messages = sum(self.broker.count_messages(queue) for queue in Queue)
        if messages > _MANY_MESSAGES:
            return 0
        at_most = messages + _MANY_MESSAGES
        return sum(self.job_store.count_queued(queue, at_most) for queue in Queue) - messages

    def _publish_for(self, queue: Queue, silent_for: timedelta, limit: int) -> int:
        taken = self.job_store.take_for_publishing(queue, silent_for, limit)
        if taken:
            try:
                self.broker.publish_many(queue, len(taken))
            except BrokerUnavailable:
                self.job_store.mark_unpublished(taken)
                raise
            REPUBLISHED.inc(len(taken))
            _log.info("jobs.published", queue=queue, count=len(taken))
        return len(taken)

    def _bury(self, jobs: Iterable[Job]) -> None:
        buried = list(jobs)
        for job in buried:
            count_finished(job, (job.finished_at or job.read_at) - job.created_at, job.error_code)
            self.retention.discard_upload(job.id)
        for job in buried:
            self.announcer.announce(job.id)
