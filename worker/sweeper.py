"""`python -m worker.sweeper`: the process that makes good what accidents leave behind.

Any number may run: every step is a guarded UPDATE. Each step handles a bounded number of rows, and one that fails
does not keep the others from running.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from shared.announcements import Announcer
from shared.broker import Broker
from shared.database import open_database
from shared.errors import Misconfigured, Unavailable
from shared.job import Job, JobStatus, Queue
from shared.job_store import JobStore, limits_of
from shared.logs import about, get_logger, set_up_logs
from shared.object_store import ObjectStore
from shared.settings import Settings, load_settings

_log = get_logger(__name__)

_ROWS_PER_STEP = 500


@dataclass(frozen=True)
class Sweeper:
    """One sweep at a time over all jobs."""

    job_store: JobStore
    object_store: ObjectStore
    broker: Broker
    announcer: Announcer
    republish_after: timedelta
    prune_after: timedelta

    def sweep(self) -> None:
        """Run every step once; a step whose store is away is logged, and left to the next sweep."""
        steps: tuple[Callable[[], None], ...] = (
            self.rescue,
            self.fail_late,
            self.publish,
            self.expire,
            self.prune,
            self.report,
        )
        for step in steps:
            try:
                step()
            except Unavailable as error:
                _log.warning("sweep.step_failed", step=step.__name__, reason=str(error))

    def rescue(self) -> None:
        """Take jobs from workers that died or stand still, and ring for them at once."""
        rescued = self.job_store.rescue(_ROWS_PER_STEP)
        for job in rescued:
            _log.warning("job.rescued", **about(job), status=job.status)
        self._bury(job for job in rescued if job.status is JobStatus.FAILED)
        self._ring(job for job in rescued if job.status is JobStatus.QUEUED)

    def fail_late(self) -> None:
        """Fail what has waited past the deadline."""
        late = self.job_store.fail_late(_ROWS_PER_STEP)
        for job in late:
            _log.warning("job.failed", **about(job), code=job.error_code)
        self._bury(late)

    def publish(self) -> None:
        """Ring for jobs that no message stands for.

        A long queue is not a lost one: old messages are taken for lost only by as many as the broker holds fewer than
        the table has published jobs.
        """
        for queue in Queue:
            lost = self.job_store.count_queued(queue) - self.broker.count_messages(queue)
            self._ring(self.job_store.due_for_publishing(queue, timedelta.max, _ROWS_PER_STEP))
            if lost > 0:
                limit = min(lost, _ROWS_PER_STEP)
                self._ring(self.job_store.due_for_publishing(queue, self.republish_after, limit))

    def expire(self) -> None:
        """Delete the bytes of jobs that are past their lifetime, and then say so in the table."""
        due = self.job_store.due_for_expiry(_ROWS_PER_STEP)
        for job in due:
            self.object_store.delete_results(job.id)
            self.object_store.delete_input(job.id)
            _log.info("job.expired", **about(job))
        if due:
            self.job_store.expire([job.id for job in due])

    def prune(self) -> None:
        """Forget jobs that expired long ago."""
        pruned = self.job_store.prune(self.prune_after, _ROWS_PER_STEP)
        if pruned:
            _log.info("jobs.pruned", count=pruned)

    def report(self) -> None:
        """Leave word that somebody sweeps: front ends miss it when nobody does."""
        self.broker.note_sweep()

    def _ring(self, jobs: Iterable[Job]) -> None:
        # Noted first: a worker claims only what counts as published.
        silent = {job.id: job for job in jobs}
        if not silent:
            return
        self.job_store.publish(list(silent))
        try:
            for job in list(silent.values()):
                self.broker.ring(job.queue)
                del silent[job.id]
                _log.info("job.published", **about(job))
        finally:
            if silent:
                self.job_store.unpublish(list(silent))

    def _bury(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self.announcer.announce(job.id)
            self.object_store.delete_input(job.id)


def create_sweeper(settings: Settings) -> Sweeper:
    """Build a sweeper on the real stores."""
    return Sweeper(
        job_store=JobStore(open_database(settings), limits_of(settings)),
        object_store=ObjectStore(settings),
        broker=Broker(settings),
        announcer=Announcer(settings),
        republish_after=timedelta(seconds=settings.republish_after),
        prune_after=timedelta(seconds=settings.prune_after),
    )


def main() -> None:
    """Sweep until TERM."""
    try:
        settings = load_settings()
        set_up_logs(settings)
        sweeper = create_sweeper(settings)
    except Misconfigured as error:
        sys.exit(f"cutwork sweeper: {error}")
    stopping = threading.Event()
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: stopping.set())
    _log.info("sweeper.started", every_s=settings.sweep_interval)
    while not stopping.is_set():
        sweeper.sweep()
        stopping.wait(settings.sweep_interval)


if __name__ == "__main__":
    main()
