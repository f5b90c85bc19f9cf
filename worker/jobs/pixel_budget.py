"""Lets as many photos be worked on at once as there is memory for: what a job takes goes with its pixels.

A limit by count has to be made for the largest photos, and then leaves cores idle with small ones.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

#: What a photo counts for at the least: the network sees small ones as large as others.
_LEAST = 1_000_000


class PixelBudget:
    """So many pixels at once."""

    def __init__(self, most: int) -> None:
        """Begin with nobody inside."""
        self._most = most
        self._taken = 0
        self._left = threading.Condition()
        #: Who waits, in the order in which they came: many small ones never keep a large one out.
        self._line: deque[object] = deque()

    @contextmanager
    def spend(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for a photo, and take it for a while; one larger than all room goes alone."""
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
