"""How many uploads run at once. What the service answers to one of them slows all of them down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cutwork.errors import CutworkError, TryLater
from cutwork.patience import jittered

_AT_FIRST = 4
#: After each second without a refusal, one more upload may run at once.
_STEP = 1.0
#: The pause after a refusal without `Retry-After`, in seconds.
_PAUSE = 2.0
#: The service answers and has no room: however long that lasts, it is no outage.
_FULL = frozenset({"EXCEEDING_LIMITS", "ERROR_INSUFFICIENT_RESOURCES"})

Now = Callable[[], float]
#: Called with the reason for a pause, and its seconds.
Told = Callable[[str, float], None]


class Stopped(Exception):
    """The run is stopping: no new upload may begin."""


def is_full(error: CutworkError) -> bool:
    """Tell whether the service has no room, and nothing else is wrong."""
    return isinstance(error, TryLater) and error.code in _FULL


class Pace:
    """Limits how many uploads run at once: one more after each good second, half as many after a refusal.

    This is additive increase and multiplicative decrease, as in TCP.
    """

    def __init__(
        self, most: int, give_up_after: float, told: Told, now: Now = time.monotonic
    ) -> None:
        """Start it.

        Args:
            most: The limit is never higher than this.
            give_up_after: An outage that lasts for so many seconds ends the run.
            told: Called once for each pause.
            now: The clock.
        """
        self.limit = min(_AT_FIRST, most)
        #: How many uploads were answered.
        self.answers = 0
        self._most = most
        self._give_up_after = give_up_after
        self._told = told
        self._now = now
        self._running = 0
        self._free_at = self._grown_at = now()
        self._out_since: float | None = None
        self._failures = 0
        self._stopped = False
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the permission to upload, and hold it.

        Raises:
            Stopped: The run is stopping.
        """
        self._take()
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def went_well(self) -> None:
        """Note that the service answered."""
        with self._changed:
            self._out_since, self._failures = None, 0
            self.answers += 1
            now = self._now()
            if self.limit < self._most and now >= max(self._free_at, self._grown_at) + _STEP:
                self.limit += 1
                self._grown_at = now
                self._changed.notify_all()

    def went_wrong(self, error: CutworkError) -> None:
        """Note that the service did not answer, or had no room: all uploads pause.

        Raises:
            CutworkError: The error itself, if the outage has lasted too long.
        """
        with self._changed:
            now = self._now()
            self._note_outage(error, now)
            pause = self._pause_after(error)
            self._failures += 1
            if now < self._free_at:  # Uploads that were under way are refused with the first.
                self._free_at = max(self._free_at, now + pause)
                return
            self.limit = max(1, self.limit // 2)
            self._free_at = now + pause
        self._told(str(error), pause)

    def stop(self) -> None:
        """Let no new upload begin."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def rest(self) -> None:
        """Wait until the pause is over, or the run is stopping."""
        with self._changed:
            while not self._stopped and (left := self._free_at - self._now()) > 0:
                self._changed.wait(left)

    def _take(self) -> None:
        with self._changed:
            while not self._stopped:
                left = self._free_at - self._now()
                if left <= 0 and self._running < self.limit:
                    self._running += 1
                    return
                self._changed.wait(left if left > 0 else None)
        raise Stopped

    def _note_outage(self, error: CutworkError, now: float) -> None:
        if is_full(error):
            self._out_since = None
            return
        self._out_since = now if self._out_since is None else self._out_since
        if now - self._out_since >= self._give_up_after:
            raise error

    def _pause_after(self, error: CutworkError) -> float:
        if isinstance(error, TryLater) and error.is_for_all:
            return _PAUSE if error.retry_after is None else error.retry_after
        return jittered(self._failures)
