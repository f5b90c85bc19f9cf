"""Jobs that go on: asked for together, the oldest first, since those end first and expire first."""

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

#: So many seconds an answer is held back; not longer, so that a stop need not wait.
_WAIT = 8
#: Between two questions, so that each finds several that ended.
_BETWEEN = 0.3
_LONGEST_PAUSE = 5.0

#: Is told of each job that has ended.
Ended = Callable[[bytes, Job], None]


class Waiting(NamedTuple):
    """A photo that the service has."""

    sha256: bytes
    task_id: str


class Watch:
    """Asks for all jobs that go on."""

    def __init__(self, client: Client, ended: Ended, give_up_after: float) -> None:
        """Begin with none."""
        self._client = client
        self._ended = ended
        self._give_up_after = give_up_after
        self._waiting: deque[Waiting] = deque()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._more = threading.Event()

    def add(self, waiting: Waiting) -> None:
        """Watch one more."""
        with self._lock:
            self._waiting.append(waiting)
        self._more.set()

    def close(self) -> None:
        """Ask for each once more, and then no more."""
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
        """Ask for some, and say how long to wait before the next question."""
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
        # The service had no place to wait in.
        return min(_LONGEST_PAUSE, found.retry_after or 1)

    def _take(self) -> list[Waiting]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(MAX_IDS, len(self._waiting)))]

    def _put_back(self, batch: list[Waiting]) -> None:
        with self._lock:
            self._waiting.extendleft(reversed(batch))
