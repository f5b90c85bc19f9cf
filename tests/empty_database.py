"""An empty job table on SQLite: made by all migrations once, and copied from then on."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from shared.sql.database import Database
from shared.sql.schema import migrate


def create_empty(database_url: str) -> None:
    """Make what `migrate` would make of a file that is not there."""
    file = Path(str(make_url(database_url).database))
    file.write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as directory:
        file = Path(directory, "empty.sqlite3")
        database = Database(f"sqlite:///{file}")
        migrate(database)
        database.close()
        return file.read_bytes()
