"""A circuit breaker: who did not answer several times in a row is left alone for a moment, by everybody.

    closed ── failures in a row ──▶ open ── a pause ──▶ half-open ── a call succeeds ──▶ closed
                                     ▲                      │
                                     └──── a call fails ────┘

While it is open no call is made, and while it is half-open one at a time: the probe. So what a server that hangs can
cost is bounded by the calls that were on their way when it began to, and one more a pause.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from shared.telemetry.logs import get_logger

_log = get_logger(__name__)

_FAILURES = 3
#: How long nobody asks a Redis that failed three times in a row; then one request tries.
_PAUSE_SECONDS = 2.0


class State(StrEnum):
    """What becomes of the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitOpen(Exception):
    """The call was not made."""


class CircuitBreaker:
    """Of one server, for all who call it from one process; safe to use from threads and greenlets.

    Its lock is never held during a call, so calls run side by side.
    """

    def __init__(
        self,
        name: str,
        *,
        answers: tuple[type[Exception], ...] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin closed.

        Args:
            name: Of the server, for the log.
            answers: Exceptions that only a server raises which is there.
            monotonic: Tells the time, in seconds.
        """
        self.name = name
        self._answers = answers
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None
        self._is_probing = False
        #: Counts openings and closings. The outcome of a call that began before the last one says nothing new.
        self._generation = 0

    @property
    def state(self) -> State:
        """What becomes of the next call."""
        with self._lock:
            return self._state()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Make a call inside, which must end by itself; how it ends is taken for how the server is.

        Raises:
            CircuitOpen: It may not be made now.
        """
        generation = self._enter()
        try:
            yield
        except self._answers:
            self._succeed(generation)
            raise
        except (
            BaseException
        ) as error:  # also of a greenlet that is killed: its probe must make room for the next
            self._fail(generation, error)
            raise
        self._succeed(generation)

    def _state(self) -> State:
        if self._opened_at is None:
            return State.CLOSED
        is_over = self._monotonic() - self._opened_at >= _PAUSE_SECONDS
        return State.HALF_OPEN if is_over else State.OPEN

    def _enter(self) -> int:
        with self._lock:
            state = self._state()
            if state is State.OPEN or (state is State.HALF_OPEN and self._is_probing):
                raise CircuitOpen(f"{self.name} did not answer lately")
            self._is_probing = state is State.HALF_OPEN
            return self._generation

    def _succeed(self, generation: int) -> None:
        with self._lock:
            if generation != self._generation:
                return
            self._failures = 0
            if not self._is_probing:
                return
            self._opened_at = None
            self._turn()
        _log.info("circuit.closed", server=self.name)

    def _fail(self, generation: int, error: BaseException) -> None:
        with self._lock:
            if generation != self._generation:
                return
            self._failures += 1
            was_probe = self._is_probing
            if not was_probe and self._failures < _FAILURES:
                return
            self._opened_at = self._monotonic()
            self._turn()
        if not was_probe:
            _log.warning("circuit.open", server=self.name, reason=type(error).__name__)

    def _turn(self) -> None:
        self._is_probing = False
        self._generation += 1
