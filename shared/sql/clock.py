"""Whose time counts: the database's.

Leases, retries and lifetimes are compared across machines, so they are judged by the one clock that all of
them share. Tests put another `Clock` in its place instead of waiting.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from sqlalchemy import ColumnElement, Connection, func, literal, select

from shared.sql.beginning import began_at
from shared.sql.tables import UtcDateTime


class Clock(Protocol):
    """Tells the time inside a transaction; aware, UTC."""

    def __call__(self, connection: Connection) -> datetime:
        """Tell the time of this transaction."""

    def column(self, connection: Connection) -> ColumnElement[datetime]:
        """Give the time as a part of another statement, so that it costs no question of its own."""


class DatabaseClock:
    """The database's own; SQLite is on this machine and shares its clock."""

    def __call__(self, connection: Connection) -> datetime:
        """Tell the time at which the transaction began; ask for the time where that is not known."""
        if connection.dialect.name == "sqlite":
            return datetime.now(UTC)
        return (
            began_at(connection) or connection.execute(select(self.column(connection))).scalar_one()
        )

    def column(self, connection: Connection) -> ColumnElement[datetime]:
        """Give the time as a part of another statement."""
        if connection.dialect.name == "sqlite":
            return literal(datetime.now(UTC), UtcDateTime)
        return func.clock_timestamp(type_=UtcDateTime)


database_clock = DatabaseClock()
