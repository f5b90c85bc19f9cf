"""The engine, and the transactions that turn every driver's trouble into one error."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import DatabaseUnavailable, Misconfigured

_SQLITE_BUSY_TIMEOUT_MS = 10_000
_READS_ONLY = "cutwork_reads_only"


class Database:
    """One engine with its connection pool. Make one a process, after any fork."""

    def __init__(self, url: str) -> None:
        """Build the engine; nothing is connected yet.

        Raises:
            Misconfigured: This is no URL of a database that there is a driver for.
        """
        try:
            self.engine = _create_engine(url)
        except ArgumentError:
            # Its text may hold the password.
            raise Misconfigured("CUTWORK_DATABASE_URL is no usable SQLAlchemy URL.") from None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end.

        Raises:
            DatabaseUnavailable: The database cannot be reached, or is locked for too long.
        """
        with _translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that changes nothing, and so takes no write lock on SQLite.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
        """
        with _translated(), self.engine.connect() as connection:
            yield connection.execution_options(**{_READS_ONLY: True})

    def ping(self) -> None:
        """Ask the database something.

        Raises:
            DatabaseUnavailable: It did not answer.
        """
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise DatabaseUnavailable("the database does not answer") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable("the connection to the database broke") from error
        raise


def _create_engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed)
        _prepare_sqlite(engine)
        return engine
    return create_engine(
        parsed,
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=20,
        pool_timeout=5,
        connect_args={"connect_timeout": 3, "options": "-c statement_timeout=15000"},
    )


def _prepare_sqlite(engine: Engine) -> None:
    """Make SQLite fit for several processes.

    Write-ahead log, so that polls do not wait for writers; a full fsync at each commit, so that an accepted job
    survives a power cut; and `BEGIN IMMEDIATE` for writers, because a read lock that turns into a write lock
    fails at once instead of waiting (https://www.sqlite.org/lang_transaction.html).
    """

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        connection.execute(f"PRAGMA busy_timeout = {_SQLITE_BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get(_READS_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
