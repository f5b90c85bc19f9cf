"""When a job that waits will be done: what a poll's `Retry-After` is made of, without a statement for each poll.

A process reads the heads of both queues and the backlog every few seconds at most, and looks each job's place up there.
"""

from __future__ import annotations

import math
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from api.admission.backlog_gauge import BacklogGauge
from shared.errors import DatabaseUnavailable
from shared.job import CLAIMS_PER_BULK, Job, JobStatus, Place, Queue
from shared.jobs.backlog import LATELY, Backlog
from shared.jobs.store import JobStore
from shared.settings.settings import Settings

#: The places that are read of each queue; what is behind is estimated.
HEAD = 1000
#: How far a queue is counted that is longer than that: of one longer still it is said that it has so many at least.
COUNTED = 10_000
#: How long a reading of the queue is used, and how long a database that could not be read is left alone.
_FRESH_SECONDS = 2.0
#: How old a reading may be that others use while one reads anew. Nobody may have polled for an hour.
_USABLE_SECONDS = 10.0
#: Bounds of a poll's `Retry-After`, in seconds.
SOONEST, LATEST = 1, 60


class Forecast(NamedTuple):
    """What is to be expected of a job that waits."""

    #: 1: the next one.
    position: int
    #: Until it is done, or given up.
    seconds: float


@dataclass(frozen=True, kw_only=True)
class _Reading:
    heads: Mapping[Queue, Sequence[Place]]
    lengths: Mapping[Queue, int]
    #: When the job was stored that waits longest among them.
    oldest_at: datetime | None
    backlog: Backlog
    read_at: float


def ask_again_after(seconds: float) -> int:
    """Say when to poll for a job that is expected in so many seconds: half-way, from 1 s to 60 s.

    Half-way, because queues change their pace: who does so again and again polls few times, and sees a result that
    came early no later than when half of the time was over that seemed to be left.
    """
    return min(max(int(seconds / 2), SOONEST), LATEST)


class QueueForecast:
    """Forecasts for the polls of one front-end process."""

    def __init__(
        self,
        settings: Settings,
        job_store: JobStore,
        gauge: BacklogGauge,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use a job table, and what others count in it, too."""
        self._deadline = timedelta(seconds=settings.deadline)
        self._job_store = job_store
        self._gauge = gauge
        self._monotonic = monotonic
        self._reading: _Reading | None = None
        self._stale_at = -math.inf
        self._is_reading = threading.Lock()

    def of(self, job: Job) -> Forecast | None:
        """Estimate when a job will be done; None if it does not wait, or nothing can be read.

        seconds = position / pace, where

        - position = 1 + the jobs that are claimed before: those of smaller turns in its queue, and those of the other
          queue, of which nine interactive ones go with each bulk one. Behind the first thousand it is estimated by how
          the turns of these follow each other, and is never more than all that wait.
        - pace = jobs finished in the last minute / the time in which jobs waited, from 1 s to a minute. If
          nothing was finished, the best guess is that the queue stays blocked for as long as it already has been.

        It is never more than what is left of the job's time: then it fails. Jobs that come later and are claimed
        before (interactive ones, those of tenants with few) are not foreseen.
        """
        if job.status is not JobStatus.QUEUED:
            return None
        reading = self._read()
        if reading is None:
            return None
        forecast = _estimate(job, reading)
        left = (self._deadline - (job.read_at - job.created_at)).total_seconds()
        return forecast._replace(seconds=min(forecast.seconds, max(left, 1.0)))

    def _read(self) -> _Reading | None:
        """Read once for all that ask at a time; the others go on with what was read before."""
        if self._monotonic() >= self._stale_at and self._is_reading.acquire(blocking=False):
            try:
                self._reading = self._read_anew()
            finally:
                self._stale_at = self._monotonic() + _FRESH_SECONDS
                self._is_reading.release()
        reading = self._reading
        if reading is None or self._monotonic() > reading.read_at + _USABLE_SECONDS:
            return None
        return reading

    def _read_anew(self) -> _Reading | None:
        try:
            heads = {queue: self._job_store.read_head(queue, HEAD) for queue in Queue}
            lengths = {queue: self._length(queue, head) for queue, head in heads.items()}
            backlog = self._gauge.read(None)
        except DatabaseUnavailable:
            return None
        times = [place.created_at for head in heads.values() for place in head]
        return _Reading(
            heads=heads,
            lengths=lengths,
            oldest_at=min(times, default=None),
            backlog=backlog,
            read_at=self._monotonic(),
        )

    def _length(self, queue: Queue, head: Sequence[Place]) -> int:
        return len(head) if len(head) < HEAD else self._job_store.count_queued(queue, COUNTED)


def _estimate(job: Job, reading: _Reading) -> Forecast:
    position = 1 + _before(job, reading)
    oldest_at = min(reading.oldest_at or job.created_at, job.created_at)
    waited = max((job.read_at - oldest_at).total_seconds(), 1.0)
    finished = reading.backlog.finished_lately
    if finished == 0:
        return Forecast(position, waited)
    return Forecast(position, position * min(waited, LATELY.total_seconds()) / finished)


def _before(job: Job, reading: _Reading) -> int:
    """Count the jobs before one; behind the head of its queue, follow the head's turns."""
    head = reading.heads[job.queue]
    if len(head) < HEAD or job.place <= head[-1]:
        own = bisect_left(head, job.place) + _since(head, job)
        return own + _of_the_other_queue(job.queue, own, reading)
    a_turn = len(head) / (head[-1].turn - head[0].turn + 1)
    own = max(round(a_turn * (job.turn - head[0].turn)), len(head))
    known = len(head) + _of_the_other_queue(job.queue, len(head), reading)
    estimate = own + _of_the_other_queue(job.queue, own, reading)
    return max(min(estimate, reading.backlog.queued - 1), known)


def _since(head: Sequence[Place], job: Job) -> int:
    """Count the jobs before one that was stored after its queue was read: a turn each, as a tenant's own have."""
    return max(job.turn - head[-1].turn - 1, 0) if head else 0


def _of_the_other_queue(queue: Queue, own: int, reading: _Reading) -> int:
    """Count the jobs of the other queue that are claimed before one that has so many before it in its own."""
    to_one_bulk = CLAIMS_PER_BULK - 1
    if queue is Queue.BULK:
        return min(reading.lengths[Queue.INTERACTIVE], to_one_bulk * (own + 1))
    return min(reading.lengths[Queue.BULK], own // to_one_bulk)
