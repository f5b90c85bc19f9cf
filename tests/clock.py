"""Time for tests that do not wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, literal

from shared.sql.tables import UtcDateTime


class ClockOf:
    """A clock that is told by a function."""

    def __init__(self, tell: Callable[[Connection], datetime]) -> None:
        self._tell = tell

    def __call__(self, connection: Connection) -> datetime:
        return self._tell(connection)

    def column(self, connection: Connection) -> ColumnElement[datetime]:
        return literal(self._tell(connection), UtcDateTime)


class HandClock(ClockOf):
    """A clock that moves when a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        super().__init__(lambda _: self.now)

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class Seconds:
    """A monotonic clock that moves when a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
