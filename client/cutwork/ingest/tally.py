"""How far a run is: the threads that do the work count, and the display reads."""

from __future__ import annotations

import threading
import time
from collections import deque

#: The rate is measured over the last seconds, so many.
_WINDOW = 30.0


class Tally:
    """The counts of one run."""

    def __init__(self, total: int, done: int, failed: int) -> None:
        """Begin with what earlier runs did."""
        self.total = total
        self.done = done
        self.failed = failed
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._ends: deque[tuple[float, int]] = deque([(self._began, done + failed)])

    def add(self, done: int = 0, failed: int = 0) -> None:
        """Count inputs."""
        with self._lock:
            self.done += done
            self.failed += failed

    def rate(self) -> float:
        """Say how many inputs a second have ended lately."""
        with self._lock:
            now, ended = time.monotonic(), self.done + self.failed
            self._ends.append((now, ended))
            while self._ends[0][0] < now - _WINDOW:
                self._ends.popleft()
            then, before = self._ends[0]
            return (ended - before) / (now - then) if now > then else 0.0

    def seconds_left(self) -> float | None:
        """Say how long the rest takes at this rate; None if nothing has ended lately."""
        rate = self.rate()
        return (self.total - self.done - self.failed) / rate if rate > 0 else None
