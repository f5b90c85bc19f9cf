"""How a transaction begins on PostgreSQL: by one message, which asks the time, and tries the connection too.

A connection may break while it lies in the pool, and no request shall fail of that. To try it, to begin, and to ask the
time would be three round trips; here they are one. When that fails nothing has happened yet, so it is done again on a
new connection. The same is true of a statement that only reads: it needs no transaction around it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

Answer = TypeVar("Answer")

#: Execution option of a connection whose statements are transactions by themselves.
ALONE = "cutwork_alone"
#: Statements of one message are one transaction anyway; BEGIN lets it go on behind them.
BEGIN = "SELECT clock_timestamp(); BEGIN"

_BEGAN_AT = "cutwork_began_at"


def begin_at_once(engine: Engine, further: str = "") -> None:
    """Let every transaction of an engine begin so; its connections begin none by themselves.

    Args:
        engine: Of PostgreSQL.
        further: What is to be said to each transaction.
    """
    event.listen(engine, "begin", partial(_begin, BEGIN + further))


def began_at(connection: Connection) -> datetime | None:
    """Tell the database's time at which the transaction began; None if it was not asked for."""
    found: datetime | None = connection.info.get(_BEGAN_AT)
    return found


def tried(connection: Connection, work: Callable[[], Answer]) -> Answer:
    """Do what comes first on a connection of the pool; once more on a new one, if this one turns out to be broken.

    It is thrown away then, with all that are as old.
    """
    try:
        return work()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    connection.rollback()
    return work()


def _begin(statement: str, connection: Connection) -> None:
    connection.info.pop(_BEGAN_AT, None)
    if not connection.get_execution_options().get(ALONE):
        now: datetime = connection.exec_driver_sql(statement).scalar_one()
        connection.info[_BEGAN_AT] = now.astimezone(UTC)
