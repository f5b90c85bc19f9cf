"""Limits how many photos are worked on at once by their pixels, since a job takes memory in proportion to them.

A limit by count has to be made for the largest photos, and then leaves cores idle with small ones.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

#: No photo counts for less: the network takes the same memory for small ones.
_LEAST = 1_000_000


class PixelBudget:
    """A number of pixels that photos share."""

    def __init__(self, most: int) -> None:
        """Begin with no photo."""
        self._most = most
        self._taken = 0
        self._left = threading.Condition()
        #: Photos that wait, in the order in which they came, so that many small ones never keep a large one out.
        self._line: deque[object] = deque()

    @contextmanager
    def spend(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for a photo, and hold it. One that is larger than all room runs alone."""
        share = min(max(pixels, _LEAST), self._most)
        self._enter(share)
        try:
            yield
        finally:
            with self._left:
                self._taken -= share
                self._left.notify_all()

    def _enter(self, share: int) -> None:
        place = object()
        with self._left:
            self._line.append(place)
            self._left.wait_for(
                lambda: self._line[0] is place and self._taken + share <= self._most
            )
            self._line.popleft()
            self._taken += share
            # The next one may fit beside it.
            self._left.notify_all()
