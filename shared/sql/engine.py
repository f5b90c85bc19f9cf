"""How connections to the database are made and kept: the pool, the limits of time, and what each kind needs.

What the URL itself says of `connect_timeout` and `options` (or libpq's variables PGCONNECT_TIMEOUT and PGOPTIONS) is
kept, and wins over ours.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    NullPool,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError

from shared.errors import DatabaseUnavailable, Misconfigured
from shared.settings.settings import Settings
from shared.sql.beginning import begin_at_once
from shared.sql.patient_connection import PatientConnection

#: Execution option of a transaction that takes no write lock on SQLite.
READS_ONLY = "cutwork_reads_only"

#: Every statement has an index, which gives it the order that it asks for (`shared.sql.planning`). What looks cheaper
#: to PostgreSQL looks so by statistics that are not true any more, or to a plan that was made when the table was small.
_PLANNING = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "jit": "off",
}

_DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}
_ENCODING = "UTF8"
#: Class of SQLSTATEs; 25006 is "cannot execute UPDATE in a read-only transaction".
_WRONG_TRANSACTION_STATE = "25"
#: How long a statement waits while another process writes to SQLite.
_SQLITE_BUSY_SECONDS = 10.0
#: Between two tries to switch SQLite to its write-ahead log.
_SWITCH_PAUSE_SECONDS = 0.01
#: How much later than PostgreSQL itself this end gives a statement up: a server that lives says why.
_LATER_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class ConnectionOptions:
    """What PostgreSQL is used with; SQLite has the pool alone."""

    #: How long one statement may take.
    statement_seconds: float = 15
    connect_seconds: int = 3
    #: How long a free connection of the pool is waited for.
    pool_seconds: float = 5
    #: Connections that are kept, and those beyond them that are closed after each use.
    pool_size: int = 20
    pool_overflow: int = 10
    #: After which a transaction that sends nothing is ended: its process stands still, or its machine is gone, which
    #: the server would not notice for hours, and the rows that it changed belong to nobody else meanwhile. Shorter
    #: than a lease, longer than a process on a crowded machine waits between two statements.
    idle_seconds: float = 15
    #: Whether each transaction may run on another server connection: nothing may be left on one.
    transaction_pooling: bool = False


def connection_options_of(settings: Settings) -> ConnectionOptions:
    """Take what the settings say, for a process that no client waits for."""
    return ConnectionOptions(
        statement_seconds=settings.database_statement_timeout,
        connect_seconds=settings.database_connect_timeout,
        pool_seconds=settings.database_pool_timeout,
        pool_size=settings.database_pool_size,
        pool_overflow=settings.database_pool_overflow,
        transaction_pooling=settings.database_transaction_pooling,
    )


def connections_of(settings: Settings) -> int:
    """How many connections a process has at most."""
    return settings.database_pool_size + settings.database_pool_overflow


def parse_url(text: str) -> URL:
    """Read a URL.

    Raises:
        Misconfigured: It is not a URL, or names a database that is not supported.
    """
    try:
        url = make_url(text)
        if _DRIVERS.get(url.get_backend_name()) == url.get_driver_name():
            return url
    except (ArgumentError, ImportError, ValueError):
        pass
    # What was wrong with it may hold the password.
    raise Misconfigured(
        "CUTWORK_DATABASE_URL is not a usable SQLAlchemy URL: postgresql+psycopg://user:password@host/name, "
        "or sqlite:////a/path"
    )


def make_engine(url: URL, options: ConnectionOptions, *, pooled: bool = True) -> Engine:
    """Build an engine; nothing is connected yet.

    Args:
        url: Of `parse_url`.
        options: For PostgreSQL.
        pooled: Whether connections are kept for the next use.
    """
    pool: dict[str, Any] = {
        "pool_size": options.pool_size,
        "max_overflow": options.pool_overflow,
        "pool_timeout": options.pool_seconds,
    }
    if not pooled:
        pool = {"poolclass": NullPool}
    if url.get_backend_name() == "sqlite":
        return _make_sqlite_engine(url, pool)
    engine = create_engine(
        url,
        connect_args=_connect_arguments(url, options),
        hide_parameters=True,
        **pool,
    )

    @event.listens_for(engine, "do_connect")
    def _on_do_connect(
        _dialect: object, _record: object, arguments: Any, keywords: Any
    ) -> PatientConnection:
        connection = PatientConnection.connect(*arguments, **keywords)
        connection.patience = options.statement_seconds + _LATER_SECONDS
        _check_encoding(connection)
        connection.autocommit = pooled
        return connection

    if pooled:
        begin_at_once(engine, _set_locally(options) if options.transaction_pooling else "")
    elif options.transaction_pooling:
        event.listen(engine, "begin", partial(_begin_behind_pooler, _set_locally(options)))

    @event.listens_for(engine, "handle_error")
    def _on_error(context: ExceptionContext) -> None:
        state = getattr(context.original_exception, "sqlstate", None) or ""
        if state.startswith(_WRONG_TRANSACTION_STATE):
            # The server that this connection leads to has become a replica, or has ended the transaction itself.
            context.is_disconnect = True

    return engine


def _connect_arguments(url: URL, options: ConnectionOptions) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if "connect_timeout" not in url.query and "PGCONNECT_TIMEOUT" not in os.environ:
        arguments["connect_timeout"] = options.connect_seconds
    if options.transaction_pooling:
        # A pooler refuses options at the start of a connection, and a statement that was prepared on another one.
        return {**arguments, "prepare_threshold": None}
    own = url.query.get("options", os.environ.get("PGOPTIONS", ""))
    said = {
        # 0 would be no limit at all.
        "statement_timeout": max(1, int(options.statement_seconds * 1000)),
        # Who waits for a row goes on with it as it then is, whatever the database's default is.
        "default_transaction_isolation": r"read\ committed",
        **_of_transactions(options),
    }
    ours = " ".join(f"-c {name}={value}" for name, value in said.items())
    # Of two that say the same the later one counts.
    return {**arguments, "options": " ".join((ours, *([own] if isinstance(own, str) else own)))}


def _of_transactions(options: ConnectionOptions) -> dict[str, str]:
    """What holds for each transaction, said once where connections are our own."""
    idle = f"{max(1, int(options.idle_seconds * 1000))}"
    return {"idle_in_transaction_session_timeout": idle, **_PLANNING}


def _set_locally(options: ConnectionOptions) -> str:
    """Say to a transaction what a pooler does not let a connection say."""
    said = _of_transactions(options).items()
    return "".join(f"; SET LOCAL {name} = {value}" for name, value in said)


def _begin_behind_pooler(statement: str, connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(statement)


def _check_encoding(connection: PatientConnection) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != _ENCODING:
        connection.close()
        raise DatabaseUnavailable(
            f"the database's encoding is {encoding}, and must be {_ENCODING}: make one with "
            f"`CREATE DATABASE … ENCODING '{_ENCODING}' TEMPLATE template0`"
        )


def _make_sqlite_engine(url: URL, pool: Mapping[str, Any]) -> Engine:
    """Make SQLite fit for several processes.

    Write-ahead log, so that polls do not wait for writers; a full fsync at each commit, so that an accepted job
    survives a power cut; and `BEGIN IMMEDIATE` for writers, because a read lock that turns into a write lock
    fails at once instead of waiting (https://www.sqlite.org/lang_transaction.html).
    """
    engine = create_engine(url, hide_parameters=True, **(pool if url.database else {}))

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        connection.execute(f"PRAGMA busy_timeout = {int(_SQLITE_BUSY_SECONDS * 1000)}")
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get(READS_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    return engine


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch a database over, once in its life; of several that do so at once SQLite lets none wait for the other."""
    deadline = time.monotonic() + _SQLITE_BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_SWITCH_PAUSE_SECONDS)
        else:
            return
