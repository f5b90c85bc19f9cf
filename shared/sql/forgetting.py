"""Forgetting what was kept long enough, some rows at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Column, delete, select

from shared.sql.clock import Clock
from shared.sql.database import Database

#: Rows that are forgotten in one transaction.
_AT_ONCE = 500


def forget_some(
    database: Database, clock: Clock, key: Column[Any], age: Column[Any], older_than: timedelta
) -> int:
    """Forget some of a table's rows that are past their time; return how many.

    They are looked for first, and mostly there are none: then nothing is written.

    Args:
        database: Where the table is.
        clock: What tells how old a row is.
        key: Of the table.
        age: When a row began; there is an index of it.
        older_than: For how long one is kept.
    """
    with database.reading() as connection:
        past = age < clock(connection) - older_than
        oldest = select(key).where(past).order_by(age).limit(_AT_ONCE)
        old = list(connection.execute(oldest).scalars())
    if not old:
        return 0
    with database.writing() as connection:
        return connection.execute(delete(key.table).where(key.in_(old))).rowcount
