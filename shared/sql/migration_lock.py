"""One migration at a time, however many processes run `cutwork-admin setup` on one database.

PostgreSQL: an advisory lock, held by an idle transaction of a connection of its own. It goes with that connection, so a
process that dies leaves none behind. Who finds it taken asks again and again instead of waiting in a statement: `CREATE
INDEX CONCURRENTLY` waits for every statement that began before it, so the two would wait for each other.

SQLite: its own write lock. All migrations are one transaction there.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import OperationalError

from shared.errors import DatabaseUnavailable, Misconfigured
from shared.sql.database import Database

#: How long a migration waits for one that another process makes.
_PATIENCE_SECONDS = 600.0
#: Between two looks whether it is done.
_PAUSE_SECONDS = 0.1
#: How long a statement of a migration waits for a table. All others that ask for the table wait behind it meanwhile.
_TABLE_LOCK = "2s"
#: Any number, the same for all processes: "cutwork" as a number.
_KEY = int.from_bytes(b"cutwork")
_THROUGH_A_POOLER = (
    "the database is not migrated through PgBouncer in transaction mode: run `cutwork-admin setup` with "
    "CUTWORK_DATABASE_TRANSACTION_POOLING=false and a CUTWORK_DATABASE_URL that leads to PostgreSQL itself"
)
#: What could end the lock's idle transaction, and the version of PostgreSQL that it came with.
_IDLE_LIMITS = {"idle_in_transaction_session_timeout": (9, 6), "transaction_timeout": (17,)}


@contextmanager
def migrating(database: Database) -> Iterator[Connection]:
    """Connect for migrations while no other process does.

    On PostgreSQL the connection is in no transaction, so that a migration can be one; each that is begun on it gives up
    on a table that is not free within seconds (psycopg's `LockNotAvailable`), and has no other limit of time. On SQLite
    it is in one that is committed at the end.

    Raises:
        DatabaseUnavailable: The database cannot be reached, or others have been migrating it for ten minutes.
        Misconfigured: The folder of a SQLite database cannot be made, or not be written; or a pooler stands between,
            where a limit of time is lifted on one connection of the server, and an index built on another.
    """
    if database.is_pooled_elsewhere:
        raise Misconfigured(_THROUGH_A_POOLER)
    if database.url.get_backend_name() == "sqlite":
        _make_folder(database)
        with database.unbounded() as connection:
            _begin_on_sqlite(connection)
            yield connection
            connection.commit()
        return
    with database.unbounded() as lock, database.unbounded() as connection:
        # A snapshot that lasts as long as its transaction would be waited for, too.
        _take(lock.execution_options(isolation_level="READ COMMITTED"))
        event.listen(connection.engine, "begin", _bound_locks)
        yield connection
        lock.commit()


def _make_folder(database: Database) -> None:
    folder = Path(database.url.database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(_unwritable(database, str(error.strerror))) from error
    if not os.access(folder, os.W_OK):
        raise Misconfigured(_unwritable(database, "its folder cannot be written"))


def _unwritable(database: Database, why: str) -> str:
    return f"there can be no database at {database.place} ({why}): set CUTWORK_DATABASE_URL"


def _begin_on_sqlite(connection: Connection) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.begin()
        except OperationalError as error:
            # It waited as long as every other writer does.
            is_busy = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
        else:
            return


def _take(connection: Connection) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not connection.execute(select(func.pg_try_advisory_xact_lock(_KEY))).scalar_one():
        connection.rollback()
        if time.monotonic() > deadline:
            raise DatabaseUnavailable(
                "another `cutwork-admin setup` has been migrating it for ten minutes"
            )
        time.sleep(_PAUSE_SECONDS)
    for limit, since in _IDLE_LIMITS.items():
        if (connection.dialect.server_version_info or ()) >= since:
            # No SELECT: the last one of a transaction keeps its snapshot, and an index that is built waits for that.
            connection.exec_driver_sql(f"SET LOCAL {limit} = 0")


def _bound_locks(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_TABLE_LOCK}'")
