"""Lets a job that was cut off before run with no other beside it.

A photo that kills the process takes its neighbours' attempts along, and would do so each time: they come back
together. So whoever was cut off once is alone from then on, and dies alone. So is who was there when the device broke.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Quarantine:
    """Many at once, or one alone."""

    def __init__(self) -> None:
        """Begin empty."""
        self._left = threading.Condition()
        self._inside = 0
        #: One is alone, or waits to be.
        self._is_closed = False

    @contextmanager
    def enter(self, *, alone: bool) -> Iterator[bool]:
        """Be inside for a while, `alone` or with others; who wants to be alone waits for the others to leave.

        Yields:
            False where somebody else is alone or waits to be: nobody waits for that, since waiting is dying with it.
        """
        is_admitted = self._admit(alone)
        try:
            yield is_admitted
        finally:
            if is_admitted:
                self._leave(alone)

    def _admit(self, alone: bool) -> bool:
        with self._left:
            if self._is_closed:
                return False
            if alone:
                self._is_closed = True
                self._left.wait_for(lambda: not self._inside)
            self._inside += 1
            return True

    def _leave(self, was_alone: bool) -> None:
        with self._left:
            self._inside -= 1
            self._is_closed = self._is_closed and not was_alone
            self._left.notify_all()
