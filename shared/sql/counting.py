"""Counts that end: of a selection with a limit no more rows are looked at."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, select


def count_rows(connection: Connection, rows: Select[*tuple[Any, ...]]) -> int:
    """Count the rows of a selection, in the database."""
    counted = select(func.count()).select_from(rows.subquery())
    return connection.execute(counted).scalar_one()
