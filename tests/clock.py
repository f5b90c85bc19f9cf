"""Time for tests that do not wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection


class HandClock:
    """A clock that moves when a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self, connection: Connection) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Seconds:
    """A monotonic clock that moves when a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
