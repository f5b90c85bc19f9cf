"""Ctrl-C and its like: the first asks for an orderly end, the second for an end at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Raised where something was waited for when the end was asked for."""


class Interrupt:
    """Whether the end was asked for; only the main thread may make one."""

    def __init__(self, at_once: Callable[[], None]) -> None:
        """Take over the signals; `at_once` is called when one comes for the second time."""
        self._at_once = at_once
        self._requested = threading.Event()
        # Whoever started us with nohup does not want a closed terminal to end it.
        numbers = [
            n for n in _SIGNALS if n != signal.SIGHUP or signal.getsignal(n) != signal.SIG_IGN
        ]
        self._previous = {number: signal.signal(number, self._handle) for number in numbers}

    def give_back(self) -> None:
        """Restore the handlers of before."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def wait(self, seconds: float) -> bool:
        """Wait, not longer than told, and tell whether the end was asked for."""
        return self._requested.wait(seconds)

    def check(self) -> None:
        """Raise `Interrupted` when the end was asked for."""
        if self._requested.is_set():
            raise Interrupted

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._requested.is_set():
            self._at_once()
        self._requested.set()
