"""Starts again what has ended though nobody asked it to."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Protocol

from deploy.local.processes.process import ProcessFailed

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
#: What has run so long had not failed at its start: the next pause is the first again.
_STEADY_SECONDS = 60.0


class Mortal(Protocol):
    """A process, or a server."""

    @property
    def is_running(self) -> bool:
        """Whether it lives."""

    @property
    def return_code(self) -> int | None:
        """What it ended with."""


class Revival:
    """Looks after one thing that should always run, with longer and longer pauses."""

    def __init__(
        self,
        name: str,
        subject: Mortal,
        launch: Callable[[], None],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what runs already.

        Args:
            name: What messages call it.
            subject: What is looked at.
            launch: Starts it without waiting for it to be ready.
            say: Is told of each restart, in one line.
            clock: Seconds; only differences count.
        """
        self._name = name
        self._subject = subject
        self._launch = launch
        self._say = say
        self._clock = clock
        self._pause = _FIRST_PAUSE_SECONDS
        self._launched_at = clock()
        self._due_at: float | None = None

    def tend(self) -> None:
        """Look once; never waits."""
        if self._subject.is_running:
            return
        now = self._clock()
        if self._due_at is None:
            self._plan(now)
        elif now >= self._due_at:
            self._due_at = None
            self._launched_at = now
            # Its port may just have been taken; then it is still not running, and its turn comes again.
            with contextlib.suppress(ProcessFailed):
                self._launch()

    def _plan(self, now: float) -> None:
        if now - self._launched_at > _STEADY_SECONDS:
            self._pause = _FIRST_PAUSE_SECONDS
        ending = f"{self._name} ended with {self._subject.return_code}"
        self._say(f"{ending}; starting it again in {self._pause:g} s")
        self._due_at = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
