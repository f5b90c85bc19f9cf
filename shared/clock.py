"""Whose time counts: the database's.

Leases, retries and lifetimes are compared across machines, so they are judged by the one clock that all of
them share. Tests put another `Clock` in its place instead of waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, DateTime, func, select

#: Tells the time inside a transaction; aware, UTC.
Clock = Callable[[Connection], datetime]


def database_clock(connection: Connection) -> datetime:
    """Ask the database for the time; SQLite is on this machine and shares its clock."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    return connection.execute(
        select(func.clock_timestamp(type_=DateTime(timezone=True)))
    ).scalar_one()
