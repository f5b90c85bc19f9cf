"""Indexes that are built and dropped while the service goes on: for tables that have rows.

Each of these ends the transaction that it is called in. They can be run again after any of them failed half-way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from alembic import op
from sqlalchemy import ColumnElement, TextClause, text


def create_index(
    name: str, table: str, columns: Sequence[str | ColumnElement[Any] | TextClause], **options: Any
) -> None:
    """Build an index, as `op.create_index` does, beside readers and writers.

    On PostgreSQL what a build that failed left of it, an index that is kept up and not used, is dropped first. One that
    is whole is kept: it may have taken hours, and what it holds must hold meanwhile.
    """
    if not _is_postgresql():
        op.create_index(name, table, columns, if_not_exists=True, **options)
        return
    with _outside_of_a_transaction():
        if _is_whole(name):
            return
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_concurrently=True, **options)


def drop_index(name: str, table: str) -> None:
    """Drop an index beside readers and writers; fine if there is none."""
    if not _is_postgresql():
        op.drop_index(name, table, if_exists=True)
        return
    with _outside_of_a_transaction():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)


def _is_whole(name: str) -> bool:
    found = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return bool(op.get_bind().execute(found, {"name": name}).scalar())


def _is_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


@contextmanager
def _outside_of_a_transaction() -> Iterator[None]:
    with op.get_context().autocommit_block():
        # It waits for transactions that began before it, and nobody waits for it: it may take hours.
        op.execute("SET statement_timeout = 0")
        op.execute("SET lock_timeout = 0")
        try:
            yield
        finally:
            op.execute("RESET statement_timeout")
            op.execute("RESET lock_timeout")
