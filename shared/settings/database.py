"""How the database is used."""

from __future__ import annotations

from pydantic import BaseModel, Field

from shared.settings.bounds import Count, Seconds


class DatabaseSettings(BaseModel):
    """Connections to the database."""

    database_pool_size: Count = Field(
        20,
        description="Connections that a process keeps; each process of a front end has its own.",
    )
    database_pool_overflow: int = Field(
        10, ge=0, description="Connections beyond those, which are closed after each use."
    )
    database_pool_timeout: Seconds = Field(
        5, description="Seconds to wait for a connection when all are in use."
    )
    database_connect_timeout: Count = Field(
        3, description="Seconds to connect; `connect_timeout` in the URL wins."
    )
    database_statement_timeout: Seconds = Field(
        15, description="Seconds that a statement of a worker or a sweeper may take."
    )
    database_request_timeout: Seconds = Field(
        4, description="Seconds that a statement of a front end may take: a client waits."
    )
    database_transaction_pooling: bool = Field(
        False,
        description="Whether PgBouncer in transaction mode stands between: nothing is prepared then, and the "
        "role's own `statement_timeout` counts.",
    )
