"""The tables, with the rules that the database itself enforces.

Rows of `jobs` are read and written by `shared.jobs` alone, rows of `api_keys` by `key_store`, that of `cutwork_schema`
by `schema`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    Uuid,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime on every database; SQLite stores none, so UTC is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give back an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("log_id", String(32), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("queue", String(16), nullable=False),
    Column("cloth_class", JSON, nullable=False),
    Column("return_form", String(8), nullable=False),
    Column("out_mode", Integer, nullable=False),
    Column("input_bytes", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    # Given back to the client's next use when the job expires.
    Column("idempotency_key", String(255)),
    Column("attempt", Integer, nullable=False, default=0),
    Column("releases", Integer, nullable=False, default=0),
    Column("lease_owner", String(128)),
    Column("lease_expires_at", UtcDateTime),
    # No attempt starts before this time: back-off between attempts.
    Column("not_before", UtcDateTime, nullable=False),
    # When the job's message was last published. NULL: it has none, and waits for the sweeper.
    Column("published_at", UtcDateTime),
    # Whose turn it is within a queue: a tenant's jobs take one turn after the other, so its thousandth job
    # does not come before another tenant's first.
    Column("turn", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("error_code", String(64)),
    Column("error_message", String(500), nullable=False, default=""),
    Column("shown", JSON(none_as_null=True)),
    # A lease is held exactly while an attempt runs.
    CheckConstraint(
        "(status = 'processing') = (lease_expires_at IS NOT NULL)", name="lease_while_processing"
    ),
    CheckConstraint("status <> 'succeeded' OR shown IS NOT NULL", name="success_has_outputs"),
    CheckConstraint("status <> 'failed' OR error_code IS NOT NULL", name="failure_has_code"),
    CheckConstraint(
        "(status IN ('queued', 'processing')) = (finished_at IS NULL)", name="finished_has_time"
    ),
    # Fifty posts with one key make one job.
    Index("one_job_per_idempotency_key", "tenant", "idempotency_key", unique=True),
    # A tenant lists its jobs, newest first.
    Index("jobs_by_age", "tenant", "created_at", "id"),
    # The sweeper's questions, each of which looks at live or ageing rows only.
    Index("jobs_by_lease", "lease_expires_at"),
    Index("jobs_by_publication", "status", "published_at"),
    # A claim takes the first one; a new job asks for its tenant's last one.
    Index("jobs_by_turn", "status", "queue", "turn", "created_at"),
    Index("jobs_by_tenant", "tenant", "status", "queue", "turn"),
    Index("jobs_by_expiry", "status", "expires_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    # The part of the key that may be shown: `cw_<id>_<secret>`.
    Column("id", String(16), primary_key=True),
    Column("tenant", String(64), nullable=False),
    # SHA-256 of the whole key, hexadecimal. 256 random bits need no slow hash.
    Column("sha256", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

#: One row, kept by whoever migrates, as Alembic keeps its own table.
schema_window = Table(
    "cutwork_schema",
    metadata,
    # The smallest newest migration of a code that can run on this schema.
    Column("oldest_code", Integer, nullable=False),
)
