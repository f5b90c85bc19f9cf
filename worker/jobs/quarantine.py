"""Lets a job that was cut off before run with no other beside it.

A photo that kills the process also cuts off the jobs beside it, and would do so again when all of them come back
together. So a job that was cut off once runs alone from then on, and so does one that ran when the device broke.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Quarantine:
    """Lets many jobs run at once, or one alone."""

    def __init__(self) -> None:
        """Begin empty."""
        self._left = threading.Condition()
        self._inside = 0
        #: Whether a job runs alone, or waits to.
        self._is_closed = False

    @contextmanager
    def enter(self, *, alone: bool) -> Iterator[bool]:
        """Hold a place while a job runs, `alone` or with others; to be alone, wait for the others to leave.

        Yields:
            False if another job is alone or waits to be. Waiting for that one would mean to be cut off with it.
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
