"""When a job that waits will be done: what a poll's `Retry-After` is made of, without a statement for each poll.

A process reads the heads of both queues and the backlog every few seconds at most, and looks each job's place up there.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from api.backlog_gauge import BacklogGauge
from shared.backlog import LATELY, Backlog
from shared.errors import DatabaseUnavailable
from shared.job import Job, JobStatus, Place, Queue
from shared.job_store import JobStore

#: The places that are read of each queue; what is behind is estimated.
HEAD = 1000
#: How long a reading is good for.
_FRESH_SECONDS = 2.0
#: Bounds of a poll's `Retry-After`, in seconds.
SOONEST, LATEST = 1, 60


class Forecast(NamedTuple):
    """What is to be expected of a job that waits."""

    #: 1: the next one.
    position: int
    #: Until it is done.
    seconds: float


@dataclass(frozen=True, kw_only=True)
class _Reading:
    heads: Mapping[Queue, Sequence[Place]]
    #: When the job was stored that waits longest among them.
    oldest_at: datetime | None
    backlog: Backlog
    stale_at: float


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
        job_store: JobStore,
        gauge: BacklogGauge,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use a job table, and what others count in it, too."""
        self._job_store = job_store
        self._gauge = gauge
        self._monotonic = monotonic
        self._reading: _Reading | None = None
        self._is_reading = threading.Lock()

    def of(self, job: Job) -> Forecast | None:
        """Estimate when a job will be done; None if it does not wait, or nothing can be read.

        seconds = position / pace, where

        - position = 1 + the jobs that are claimed before: those of smaller turns in its queue, and for a bulk job the
          interactive ones. Behind the first thousand it is estimated by how the turns of these follow each other, and
          is never more than all that wait.
        - pace = jobs finished in the last minute / the time in which jobs waited, from 1 s to a minute. A queue of
          which nothing was finished stands still; how long it will go on to is best guessed by how long it did.
        """
        if job.status is not JobStatus.QUEUED:
            return None
        try:
            reading = self._read()
        except DatabaseUnavailable:
            return None
        return None if reading is None else _estimate(job, reading)

    def _read(self) -> _Reading | None:
        """Read once for all that ask at a time; the others go on with what was read before."""
        is_stale = self._reading is None or self._monotonic() >= self._reading.stale_at
        if is_stale and self._is_reading.acquire(blocking=False):
            try:
                self._reading = self._read_anew()
            finally:
                self._is_reading.release()
        return self._reading

    def _read_anew(self) -> _Reading:
        heads = {queue: self._job_store.read_head(queue, HEAD) for queue in Queue}
        times = [place.created_at for head in heads.values() for place in head]
        return _Reading(
            heads=heads,
            oldest_at=min(times, default=None),
            backlog=self._gauge.read(None),
            stale_at=self._monotonic() + _FRESH_SECONDS,
        )


def _estimate(job: Job, reading: _Reading) -> Forecast:
    position = 1 + _before(job.place, reading.heads[job.queue], reading.backlog.queued)
    if job.queue is Queue.BULK:
        position += len(reading.heads[Queue.INTERACTIVE])
    oldest_at = min(reading.oldest_at or job.created_at, job.created_at)
    waited = max((job.read_at - oldest_at).total_seconds(), 1.0)
    finished = reading.backlog.finished_lately
    if finished == 0:
        return Forecast(position, waited)
    return Forecast(position, position * min(waited, LATELY.total_seconds()) / finished)


def _before(place: Place, head: Sequence[Place], queued: int) -> int:
    """Count the places before one; behind the head, follow its turns."""
    if len(head) < HEAD or place <= head[-1]:
        return bisect_left(head, place)
    a_turn = len(head) / (head[-1].turn - head[0].turn + 1)
    estimate = round(a_turn * (place.turn - head[0].turn))
    return max(min(estimate, queued - 1), len(head))
