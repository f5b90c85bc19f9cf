"""`python -m worker.sweeper`: the process that makes good what accidents leave behind.

Any number may run: every step is a guarded UPDATE. Each step handles a bounded number of rows, and one that fails
does not keep the others from running. What waits for the object store is done beside it (`worker.retention`).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from shared.announcements import Announcer
from shared.broker import Broker, Duty
from shared.database import open_database
from shared.errors import BrokerUnavailable, Misconfigured, Unavailable
from shared.job import Job, JobStatus, Queue
from shared.job_store import JobStore, limits_of
from shared.logs import about, get_logger, set_up_logs
from shared.object_store import ObjectStore
from shared.schema import require_schema
from shared.settings import Settings, load_settings
from worker.retention import Retention
from worker.rounds import Rounds, keep_going

_log = get_logger(__name__)

_ROWS_PER_STEP = 500
_MESSAGES_PER_STEP = 2000
#: As long as the broker holds more of them, nobody misses those that it lost, and jobs are not counted.
_MANY_MESSAGES = 10_000
#: Longer than any round takes whose stores stand still, each call of which ends within seconds.
_PATIENCE_SECONDS = 300.0
#: How long a round may take to its end when told to stop. To be cut off costs nothing that the next sweep does not do.
_GRACE_SECONDS = 8.0


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
        is_more = False
        for step in (self.rescue, self.fail_late, self.publish):
            try:
                is_more |= step()
            except Unavailable as error:
                _log.warning("sweep.step_failed", step=step.__name__, reason=str(error))
        return is_more

    def rescue(self) -> bool:
        """Take jobs from workers that died or stand still, and ring for them at once; True if there may be more."""
        rescued = self.job_store.rescue(_ROWS_PER_STEP)
        for job in rescued:
            _log.warning("job.rescued", **about(job), status=job.status)
        self._bury(job for job in rescued if job.status is JobStatus.FAILED)
        self._ring(job for job in rescued if job.status is JobStatus.QUEUED)
        return len(rescued) >= _ROWS_PER_STEP

    def fail_late(self) -> bool:
        """Fail what has waited past the deadline; True if there may be more."""
        late = self.job_store.fail_late(_ROWS_PER_STEP)
        for job in late:
            _log.warning("job.failed", **about(job), code=job.error_code)
        self._bury(late)
        return len(late) == _ROWS_PER_STEP

    def publish(self) -> bool:
        """Ring for jobs that no message stands for; True if there may be more.

        A long queue is not a lost one: old messages are taken for lost only by as many as the broker holds fewer than
        the table has published jobs. Of both queues together, since the reader of a message may take a job of either.
        """
        lost = self._count_lost()
        is_more = False
        for queue in Queue:
            is_more |= (
                self._ring_for(queue, timedelta.max, _MESSAGES_PER_STEP) == _MESSAGES_PER_STEP
            )
        limit = min(lost, _MESSAGES_PER_STEP)
        for queue in Queue:
            if limit > 0:
                limit -= self._ring_for(queue, self.republish_after, limit)
        return is_more or (limit == 0 and lost > _MESSAGES_PER_STEP)

    def _count_lost(self) -> int:
        messages = sum(self.broker.count_messages(queue) for queue in Queue)
        if messages > _MANY_MESSAGES:
            return 0
        at_most = messages + _MANY_MESSAGES
        return sum(self.job_store.count_queued(queue, at_most) for queue in Queue) - messages

    def _ring_for(self, queue: Queue, silent_for: timedelta, limit: int) -> int:
        due = self.job_store.due_for_publishing(queue, silent_for, limit)
        self._ring(due)
        return len(due)

    def _ring(self, jobs: Iterable[Job]) -> None:
        by_queue: dict[Queue, list[uuid.UUID]] = {}
        for job in jobs:
            by_queue.setdefault(job.queue, []).append(job.id)
        for queue, job_ids in by_queue.items():
            # Noted first: a worker claims only what counts as published.
            self.job_store.publish(job_ids)
            try:
                self.broker.publish(queue, len(job_ids))
            except BrokerUnavailable:
                self.job_store.unpublish(job_ids)
                raise
            _log.info("jobs.published", queue=queue, count=len(job_ids))

    def _bury(self, jobs: Iterable[Job]) -> None:
        buried = list(jobs)
        for job in buried:
            self.retention.discard_upload(job.id)
        for job in buried:
            self.announcer.announce(job.id)


def create_sweeper(settings: Settings) -> Sweeper:
    """Build a sweeper on the real stores, and the retention beside it."""
    job_store = JobStore(open_database(settings), limits_of(settings))
    return Sweeper(
        job_store=job_store,
        retention=Retention(
            job_store, ObjectStore(settings), timedelta(seconds=settings.prune_after)
        ),
        broker=Broker(settings),
        announcer=Announcer(settings),
        republish_after=timedelta(seconds=settings.republish_after),
    )


def run_sweeper(settings: Settings, sweeper: Sweeper, stopping: threading.Event) -> int:
    """Sweep until told to stop, or until one of the threads died or hangs; return the exit status."""
    duties = {Duty.SWEEP: sweeper.sweep, Duty.RETENTION: sweeper.retention.run}
    all_work = [
        Rounds(
            duty.name, partial(_do, duty, work, sweeper.broker), settings.sweep_interval, stopping
        )
        for duty, work in duties.items()
    ]
    _log.info("sweeper.started", every_s=settings.sweep_interval)
    status = keep_going(all_work, stopping, _PATIENCE_SECONDS)
    if status == 0:
        for rounds in all_work:
            rounds.join(_GRACE_SECONDS / len(all_work))
    return status


def _do(duty: Duty, work: Callable[[], bool], broker: Broker) -> bool:
    """Do a round, and leave word of it: front ends miss it when nobody does."""
    is_more = work()
    try:
        broker.note(duty)
    except Unavailable as error:
        _log.warning("sweeper.not_noted", duty=duty.name, reason=str(error))
    return is_more


def main() -> None:
    """Sweep until TERM."""
    try:
        settings = load_settings()
        set_up_logs(settings)
        require_schema(settings)
        sweeper = create_sweeper(settings)
    except Misconfigured as error:
        sys.exit(f"cutwork sweeper: {error}")
    stopping = threading.Event()
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: stopping.set())
    # Not by returning: a thread that hangs would have to be waited for.
    os._exit(run_sweeper(settings, sweeper, stopping))


if __name__ == "__main__":
    main()
