"""The engine, and the transactions that turn every driver's trouble into one error."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import CommitUncertain, DatabaseUnavailable, Misconfigured
from shared.patient_connection import PatientConnection

_SQLITE_BUSY_TIMEOUT_MS = 10_000
_SWITCH_PAUSE_SECONDS = 0.01
_READS_ONLY = "cutwork_reads_only"
#: Seconds to connect to PostgreSQL, and to wait for a free connection of the pool.
_CONNECT_SECONDS, _POOL_SECONDS = 3, 5
#: Seconds that one statement may take.
_STATEMENT_SECONDS = 15.0
#: How much later than the server itself would this end gives a statement up: a server that lives says why.
_LATER_SECONDS = 1.0
_DAY_SECONDS = 24 * 3600.0


class Database:
    """One engine with its connection pool. Make one a process, after any fork."""

    def __init__(self, url: str, statement_seconds: float = _STATEMENT_SECONDS) -> None:
        """Build the engine; nothing is connected yet.

        Args:
            url: The SQLAlchemy URL.
            statement_seconds: How long PostgreSQL may take for one statement. SQLite has no such limit.

        Raises:
            Misconfigured: This is no URL of a database that there is a driver for.
        """
        try:
            self.url = make_url(url)
            self.engine = _create_engine(self.url, statement_seconds)
        except ArgumentError:
            # Its text may hold the password.
            raise Misconfigured("CUTWORK_DATABASE_URL is no usable SQLAlchemy URL.") from None

    @property
    def is_missing(self) -> bool:
        """Whether this is a SQLite database whose file nobody has made yet; connecting would make an empty one."""
        file = self.url.database
        is_file = self.url.get_backend_name() == "sqlite" and bool(file) and file != ":memory:"
        return is_file and not Path(str(file)).exists()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end.

        Raises:
            DatabaseUnavailable: The database cannot be reached, or is locked for too long; nothing is written.
            CommitUncertain: The answer to the COMMIT was lost.
        """
        with _translated(), self.engine.connect() as connection, connection.begin() as transaction:
            yield connection
            with _translated(CommitUncertain):
                transaction.commit()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that changes nothing, and so takes no write lock on SQLite.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
        """
        with _translated(), self.engine.connect() as connection:
            yield connection.execution_options(**{_READS_ONLY: True})

    @contextmanager
    def unbounded(self) -> Iterator[Connection]:
        """Connect outside the pool, for statements that may take hours; begins no transaction.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
        """
        engine = _create_engine(self.url, _DAY_SECONDS, pooled=False)
        try:
            with _translated(), engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

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
def _translated(as_error: type[DatabaseUnavailable] = DatabaseUnavailable) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise as_error("the database does not answer") from error
    except PendingRollbackError as error:
        # What tidied up after a connection that broke met it again.
        raise as_error("the connection to the database broke") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise as_error("the connection to the database broke") from error
        raise


def _create_engine(url: URL, statement_seconds: float, *, pooled: bool = True) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url) if pooled else create_engine(url, poolclass=NullPool)
        _prepare_sqlite(engine)
        return engine
    pool: dict[str, Any] = {
        # What is more is closed after each use: the lasting ones are for all that a full front end needs.
        "pool_size": 20,
        "max_overflow": 10,
        "pool_timeout": _POOL_SECONDS,
        "pool_pre_ping": True,
    }
    engine = create_engine(
        url,
        **(pool if pooled else {"poolclass": NullPool}),
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "options": f"-c statement_timeout={int(statement_seconds * 1000)}",
        },
    )
    if url.get_driver_name() == "psycopg":
        _prepare_psycopg(engine, statement_seconds + _LATER_SECONDS)
    return engine


def _prepare_psycopg(engine: Engine, patience: float) -> None:
    @event.listens_for(engine, "do_connect")
    def _on_do_connect(
        _dialect: object, _record: object, arguments: Any, options: Any
    ) -> PatientConnection:
        connection = PatientConnection.connect(*arguments, **options)
        connection.patience = patience
        return connection


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
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get(_READS_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch a database over, once in its life; of several that do so at once SQLite lets none wait for the other."""
    deadline = time.monotonic() + _SQLITE_BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_SWITCH_PAUSE_SECONDS)
        else:
            return
