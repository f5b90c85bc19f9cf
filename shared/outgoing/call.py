"""A call as values: what is sent, what it may cost, and what comes back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.outgoing.failure import CallFailed, Reason


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one call may cost."""

    #: Of the answer's body.
    max_bytes: int
    #: From the question for the name's address to the last byte, redirects included.
    seconds: float
    connect_seconds: float = 5
    #: How many are followed; one more is a failure. With none, a redirect is an answer.
    redirects: int = 0


class Deadline:
    """The end of a call, redirects included."""

    def __init__(self, seconds: float) -> None:
        """Begin now."""
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Tell how many seconds are left.

        Raises:
            CallFailed: TIMED_OUT: none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise too_slow()
        return left


@dataclass(frozen=True, kw_only=True)
class Call:
    """What is sent, wherever redirects lead it."""

    limits: Limits
    deadline: Deadline
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    #: By their names in lower case.
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def too_slow() -> CallFailed:
    """Make the failure of a call whose time is up."""
    return CallFailed(Reason.TIMED_OUT, "The URL's host took too long to answer.")
