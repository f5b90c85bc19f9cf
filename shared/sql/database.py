"""The engine, and transactions that turn every driver's errors into ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, RowMapping, Select, text
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import CommitUncertain, DatabaseUnavailable
from shared.settings.settings import Settings
from shared.sql.beginning import ALONE, tried
from shared.sql.engine import (
    READS_ONLY,
    ConnectionOptions,
    connection_options_of,
    make_engine,
    parse_url,
)

#: What a transaction has to pass before it takes a connection; may raise DatabaseUnavailable.
Admission = Callable[[], AbstractContextManager[None]]

_DAY = 24 * 3600.0


class Database:
    """One engine with its connection pool. Make one a process, after any fork."""

    def __init__(
        self,
        url: str,
        options: ConnectionOptions | None = None,
        admission: Admission = nullcontext,
    ) -> None:
        """Build the engine; nothing is connected yet.

        Raises:
            Misconfigured: This is no URL of a database that is supported.
        """
        self.url = parse_url(url)
        self._options = options or ConnectionOptions()
        self._admission = admission
        self.engine = make_engine(self.url, self._options)

    @property
    def place(self) -> str:
        """Where it is, for the operator: neither the user nor a password is named."""
        if self.url.get_backend_name() == "sqlite":
            return f"sqlite:///{Path(self.url.database or '').absolute()}"
        return URL.create(
            "postgresql", host=self.url.host, port=self.url.port, database=self.url.database
        ).render_as_string()

    @property
    def is_pooled_elsewhere(self) -> bool:
        """Whether a pooler stands between, which may give each transaction another connection of the server."""
        return self._options.transaction_pooling and self.url.get_backend_name() == "postgresql"

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
        with (
            self._admission(),
            _translated(),
            self.engine.connect() as connection,
            tried(connection, connection.begin) as transaction,
        ):
            yield connection
            with _translated(CommitUncertain):
                transaction.commit()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that changes nothing, and so takes no write lock on SQLite.

        It is committed all the same: after a ROLLBACK psycopg forgets the statements that it has prepared.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
        """
        with self._admission(), _translated(), self.engine.connect() as connection:
            connection.execution_options(**{READS_ONLY: True})
            tried(connection, connection.begin)
            yield connection
            connection.commit()

    def fetch(self, question: Callable[[Connection], Select[Any]]) -> Sequence[RowMapping]:
        """Read the rows of one statement: on PostgreSQL one round trip, for it is a transaction by itself.

        Args:
            question: Makes the statement; it is made again if the connection turns out to be broken.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
        """

        def ask() -> Sequence[RowMapping]:
            return connection.execute(question(connection)).mappings().all()

        if self.url.get_backend_name() == "sqlite" or self.is_pooled_elsewhere:
            with self.reading() as connection:
                return ask()
        with self._admission(), _translated(), self.engine.connect() as connection:
            connection.execution_options(**{ALONE: True})
            return tried(connection, ask)

    @contextmanager
    def unbounded(self) -> Iterator[Connection]:
        """Connect outside the pool, for statements that may take hours; begins no transaction.

        Raises:
            DatabaseUnavailable: The database cannot be reached.
        """
        options = replace(self._options, statement_seconds=_DAY)
        engine = make_engine(self.url, options, pooled=False)
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


def open_database(
    settings: Settings,
    statement_seconds: float | None = None,
    admission: Admission = nullcontext,
) -> Database:
    """Build the database of the settings; nothing is connected yet.

    Args:
        settings: Say where it is.
        statement_seconds: How long a statement may take; None: what the settings say for processes without clients.
        admission: What each transaction passes.

    Raises:
        Misconfigured: The database is not supported.
    """
    options = connection_options_of(settings)
    if statement_seconds is not None:
        options = replace(options, statement_seconds=statement_seconds)
    return Database(settings.database_url, options, admission)


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
