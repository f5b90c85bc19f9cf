"""The table of samples; `shared.operations.samples` alone reads and writes it."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, Table

from shared.sql.tables import UtcDateTime, metadata

#: How the installation was when somebody looked for the first time in a minute; kept for some days.
samples = Table(
    "samples",
    metadata,
    Column("minute", UtcDateTime, primary_key=True),
    Column("queued", Integer, nullable=False),
    Column("oldest_seconds", Integer, nullable=False),
    # Of its day (UTC) so far.
    Column("accepted", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("cancelled", BigInteger, nullable=False),
    # Release, network and provider → how many workers have them; NULL: Redis did not say.
    Column("fleet", JSON(none_as_null=True)),
)
