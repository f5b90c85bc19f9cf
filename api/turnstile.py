"""So many at once, first come first served, and nobody waits too long."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turnstile:
    """A place that is given back goes to whoever has waited longest.

    A semaphore gives it to whoever comes by at that moment, so that some wait for ever when many come.
    Uses `threading` only, so under gevent's patches all who wait are greenlets.
    """

    def __init__(self, places: int, patience: float) -> None:
        """Open it.

        Args:
            places: How many may be inside at once.
            patience: Seconds after which somebody in the line gives up.
        """
        self._free = places
        self._patience = patience
        self._line: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Be inside.

        Raises:
            TimeoutError: There was no place for too long.
        """
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            self._line.append(turn)
        if turn.wait(self._patience):
            return
        with self._lock:
            # The turn may have come just now.
            if not turn.is_set():
                self._line.remove(turn)
                raise TimeoutError("no place for too long")

    def _leave(self) -> None:
        with self._lock:
            if self._line:
                self._line.popleft().set()
            else:
                self._free += 1
