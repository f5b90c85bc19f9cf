"""Polls the jobs that have not ended, many in one request. The oldest come first: they end and expire first."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from cutwork.calls import MAX_IDS
from cutwork.errors import TryLater, Unreachable
from cutwork.jobs import Job
from cutwork.patience import Patience

if TYPE_CHECKING:
    from cutwork.client import Client

#: For how many seconds an answer may be held back. It is short, so that stopping a run is quick.
_WAIT = 8
#: The pause between two requests, in seconds, so that each finds several ended jobs.
_BETWEEN = 0.3
_LONGEST_PAUSE = 5.0

#: Called for each job that has ended.
Ended = Callable[[bytes, Job], None]


class Waiting(NamedTuple):
    """A photo that the service has accepted."""

    sha256: bytes
    task_id: str


class Watch:
    """Polls all jobs that have not ended."""

    def __init__(self, client: Client, ended: Ended, give_up_after: float) -> None:
        """Begin without jobs."""
        self._client = client
        self._ended = ended
        self._give_up_after = give_up_after
        self._waiting: deque[Waiting] = deque()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._more = threading.Event()

    def add(self, waiting: Waiting) -> None:
        """Watch one more job."""
        with self._lock:
            self._waiting.append(waiting)
        self._more.set()

    def close(self) -> None:
        """Ask for each job once more, and then stop."""
        self._closing.set()
        self._more.set()

    def run(self) -> None:
        """Ask until it is closed.

        Raises:
            CutworkError: The service has not answered for too long.
        """
        patience = Patience(self._give_up_after)
        while not self._closing.is_set():
            batch = self._take()
            if not batch:
                self._more.wait(1)
                self._more.clear()
                continue
            try:
                pause = self._ask(batch, _WAIT)
            except (TryLater, Unreachable) as error:
                self._put_back(batch)
                pause = patience.pause_after(error)
            else:
                patience = Patience(self._give_up_after)
            self._closing.wait(pause)
        for _ in range(len(self._waiting) // MAX_IDS + 1):
            self._ask(self._take(), 0)

    def _ask(self, batch: list[Waiting], wait: float) -> float:
        """Ask for some jobs, and say how long to wait before the next request."""
        if not batch:
            return 0
        began = time.monotonic()
        found = self._client.get_many([it.task_id for it in batch], wait)
        ended = 0
        for waiting, job in zip(batch, found.jobs, strict=True):
            if job.status.is_live:
                self.add(waiting)
            else:
                ended += 1
                self._ended(waiting.sha256, job)
        if ended or time.monotonic() - began > 1:
            return _BETWEEN
        # The service had no room for one more waiting request, and answered at once.
        return min(_LONGEST_PAUSE, found.retry_after or 1)

    def _take(self) -> list[Waiting]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(MAX_IDS, len(self._waiting)))]

    def _put_back(self, batch: list[Waiting]) -> None:
        with self._lock:
            self._waiting.extendleft(reversed(batch))
