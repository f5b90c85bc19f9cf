"""How many uploads run at once, and when none does: what the service says, all workers hear."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cutwork.errors import CutworkError, TryLater
from cutwork.patience import jittered

_AT_FIRST = 4
#: A second without a refusal makes room for one more.
_STEP = 1.0
#: After a refusal that says nothing of time.
_PAUSE = 2.0
#: The service is there, and has no room: however long that lasts, it is no outage.
_FULL = frozenset({"EXCEEDING_LIMITS", "ERROR_INSUFFICIENT_RESOURCES"})

Now = Callable[[], float]
#: Is told why all wait, and how many seconds.
Told = Callable[[str, float], None]


class Stopped(Exception):
    """No more is to be begun."""


def is_full(error: CutworkError) -> bool:
    """Tell whether the service has no room, and nothing else is wrong."""
    return isinstance(error, TryLater) and error.code in _FULL


class Pace:
    """More slowly at once, half at once: additive increase, multiplicative decrease."""

    def __init__(
        self, most: int, give_up_after: float, told: Told, now: Now = time.monotonic
    ) -> None:
        """Start it.

        Args:
            most: Never more uploads at once.
            give_up_after: So many seconds without an answer end the run.
            told: Is told of each pause, once.
            now: Tells the time.
        """
        self.limit = min(_AT_FIRST, most)
        #: So many uploads were answered.
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
        """Hold one of the turns; waits for it.

        Raises:
            Stopped: There will be none.
        """
        self._take()
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def went_well(self) -> None:
        """Hear that the service answered."""
        with self._changed:
            self._out_since, self._failures = None, 0
            self.answers += 1
            now = self._now()
            if self.limit < self._most and now >= max(self._free_at, self._grown_at) + _STEP:
                self.limit += 1
                self._grown_at = now
                self._changed.notify_all()

    def went_wrong(self, error: CutworkError) -> None:
        """Hear that it did not, or had no room: all wait.

        Raises:
            CutworkError: This error: it has been so for too long.
        """
        with self._changed:
            now = self._now()
            self._note_outage(error, now)
            pause = self._pause_after(error)
            self._failures += 1
            if now < self._free_at:  # Several were on their way when the first was refused.
                self._free_at = max(self._free_at, now + pause)
                return
            self.limit = max(1, self.limit // 2)
            self._free_at = now + pause
        self._told(str(error), pause)

    def stop(self) -> None:
        """Let nobody have a turn any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def rest(self) -> None:
        """Wait until the pause is over, or all is stopped."""
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
