"""How often a call is repeated, and after which pauses."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from cutwork.errors import CutworkError, TryLater

_FIRST, _LONGEST = 0.5, 30.0


def jittered(tries: int) -> float:
    """Say how long to wait after so many failures in a row. It is random, so that clients do not come back together."""
    longest: float = min(_LONGEST, _FIRST * 2**tries)
    return random.uniform(0.5, 1) * longest  # noqa: S311 (no secret)


class Patience:
    """Of one call."""

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        """Start it.

        Args:
            seconds: For how long the call is repeated.
            now: Tells the time.
        """
        self._now = now
        self._end = now() + seconds
        self._tries = 0

    def pause_after(self, error: CutworkError) -> float:
        """Say how long to wait before the same call.

        Raises:
            CutworkError: The error itself, if the next try would come too late.
        """
        asked = error.retry_after if isinstance(error, TryLater) else None
        pause = jittered(self._tries) if asked is None else asked
        self._tries += 1
        if self._now() + pause > self._end:
            raise error
        return pause
