"""The tables, with the rules that the database itself enforces.

Rows of `jobs` are read and written by `shared.jobs` alone, those of `webhook_deliveries` by `shared.webhooks`, those of
`usage_days`, `audit_log` and `api_keys` by `shared.tenants`, that of `cutwork_schema` by `schema`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    literal_column,
    text,
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


def partial_index(
    name: str, *columns: str | ColumnElement[str], where: str, unique: bool = False
) -> Index:
    """Describe an index of some rows only; a statement must repeat `where`, with every value as a literal."""
    return Index(
        name, *columns, unique=unique, postgresql_where=text(where), sqlite_where=text(where)
    )


metadata = MetaData()

#: Whose job it is and how that tenant sees it, but for what time alone makes of it. One value, so that no index on the
#: tenant fits a condition on it.
seen_by = literal_column(
    "tenant || ':' || CASE WHEN error_code = 'ERROR_TASK_REVOKED' THEN 'cancelled' ELSE status END",
    String,
)

#: The same for what the tenant calls it, in any state and in one. A tenant's name may hold a colon too, so whoever asks
#: by these also asks for the tenant.
called_by = literal_column("tenant || ':' || reference", String)
called_and_seen_by = literal_column(f"{seen_by} || ':' || reference", String)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("log_id", String(32), nullable=False),
    Column("tenant", String(64), nullable=False),
    # The key it was sent with; NULL: there was none yet, or the release before did not keep it.
    Column("key_id", String(16)),
    Column("status", String(16), nullable=False),
    Column("queue", String(16), nullable=False),
    Column("cloth_class", JSON, nullable=False),
    Column("return_form", String(8), nullable=False),
    Column("out_mode", Integer, nullable=False),
    # Where a delivery is owed when the job ends; NULL: nowhere.
    Column("callback_url", String(4096)),
    # The words of `shared.wire.rendition` that were given; NULL: none.
    Column("rendition", JSON(none_as_null=True)),
    # What the client calls the job; NULL: nothing.
    Column("reference", String(255)),
    Column("metadata", JSON(none_as_null=True)),
    # The span of the client's that the job belongs to (W3C Trace Context).
    Column("traceparent", String(55)),
    # What the request was called that asked for it; NULL: it came with a batch, or the release before did not keep it.
    Column("request_id", String(128)),
    Column("input_bytes", Integer, nullable=False),
    # Where the photo is fetched from, if it was not uploaded. Forgotten at the job's end: it may hold a signature.
    Column("image_url", Text),
    Column("fingerprint", String(64), nullable=False),
    # Given back to the client's next use when the job expires.
    Column("idempotency_key", String(255)),
    Column("attempt", Integer, nullable=False, default=0),
    Column("releases", Integer, nullable=False, default=0),
    Column("lease_owner", String(128)),
    Column("lease_expires_at", UtcDateTime),
    # Nothing is done about the job before this time: no attempt starts while it waits (back-off), and nothing of it is
    # deleted when it has finished.
    Column("not_before", UtcDateTime, nullable=False),
    # When the job's message was last published. NULL: it has none, and waits for the sweeper.
    Column("published_at", UtcDateTime),
    # Read and written by the release before alone, which goes on during an upgrade.
    Column("turn", Integer, nullable=False, default=0),
    # Whose turn it is within a queue: a tenant's jobs take one turn after the other, so its thousandth job
    # does not come before another tenant's first.
    Column("start_tag", BigInteger, nullable=False, server_default=text("0")),
    # How often an attempt was cut off: its worker was not heard of for a whole lease, or the device broke.
    Column("cut_offs", Integer, nullable=False, server_default=text("0")),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("error_code", String(64)),
    Column("error_message", String(500), nullable=False, default=""),
    Column("shown", JSON(none_as_null=True)),
    # What the worker measured of the pictures.
    Column("report", JSON(none_as_null=True)),
    # What happened to it, a line each; see `shared.jobs.history`.
    Column("history", Text),
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
    partial_index(
        "jobs_by_key",
        *("idempotency_key", "tenant"),
        where="idempotency_key IS NOT NULL",
        unique=True,
    ),
    # A tenant lists its jobs, newest first: all, or those that it sees in one state.
    Index("jobs_by_age", "tenant", "created_at", "id"),
    Index("jobs_by_seen", seen_by, "created_at", "id"),
    partial_index(
        "jobs_by_reference", called_by, "created_at", "id", where="reference IS NOT NULL"
    ),
    partial_index(
        "jobs_by_reference_and_seen",
        *(called_and_seen_by, "created_at", "id"),
        where="reference IS NOT NULL",
    ),
    # A claim takes the first one; a new job asks for its tenant's last one, and for the last one that was started.
    partial_index(
        "jobs_to_claim",
        *("queue", "start_tag", "created_at"),
        where="status = 'queued' AND published_at IS NOT NULL",
    ),
    partial_index("jobs_in_turn", "tenant", "queue", "start_tag", where="status = 'queued'"),
    # A job that comes back asks for the last one of its tenant's that did.
    partial_index(
        "jobs_back_in_turn",
        *("tenant", "queue", "start_tag"),
        where="status = 'queued' AND attempt > 0",
    ),
    partial_index(
        "jobs_started",
        *("queue", "start_tag"),
        where="status <> 'queued' AND started_at IS NOT NULL",
    ),
    # How many of a key wait is counted where it has a limit of its own.
    partial_index(
        "jobs_of_key_waiting",
        *("key_id", "start_tag"),
        where="status = 'queued' AND key_id IS NOT NULL",
    ),
    # An operator who is told what a request was called looks for its job.
    partial_index("jobs_by_request", "request_id", where="request_id IS NOT NULL"),
    # The sweeper's questions, each of which looks at live or ageing rows only.
    partial_index("jobs_in_work", "started_at", where="status = 'processing'"),
    partial_index(
        "jobs_to_publish",
        *("queue", "not_before"),
        where="status = 'queued' AND published_at IS NULL",
    ),
    partial_index(
        "jobs_published",
        *("queue", "published_at"),
        where="status = 'queued' AND published_at IS NOT NULL",
    ),
    partial_index("jobs_waiting", "created_at", where="status = 'queued'"),
    partial_index(
        "jobs_to_expire", "not_before", where="status IN ('succeeded', 'failed', 'cancelled')"
    ),
    partial_index("jobs_to_prune", "expires_at", where="status = 'expired'"),
)

#: One row a job that had a `callback_url` when it ended, as long as the job's.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("job_id", Uuid, primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("url", String(4096), nullable=False),
    # Name and port.
    Column("host", String(261), nullable=False),
    Column("event", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    # Those that have failed, and the last one when it has arrived.
    Column("tries", Integer, nullable=False),
    # No try before this time; while one runs, it is the end of its lease.
    Column("not_before", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    # What came of the last try: its HTTP status if there was an answer, and why it was none that counts.
    Column("status", Integer),
    Column("reason", String(500), nullable=False),
    partial_index("webhook_deliveries_due", "host", "not_before", where="state = 'pending'"),
)

#: What a tenant used on a day (UTC); kept for longer than its jobs.
usage_days = Table(
    "usage_days",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("accepted", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("cancelled", BigInteger, nullable=False),
    Column("pixels", BigInteger, nullable=False),
    Column("worker_ms", BigInteger, nullable=False),
    # The oldest ones are forgotten.
    Index("usage_days_by_day", "day"),
)

api_keys = Table(
    "api_keys",
    metadata,
    # The part of the key that may be shown: `cw_<id>_<secret>`.
    Column("id", String(16), primary_key=True),
    Column("tenant", String(64), nullable=False),
    # What people call it.
    Column("name", String(64), nullable=False, server_default=text("''")),
    # SHA-256 of the whole key, hexadecimal. 256 random bits need no slow hash.
    Column("sha256", String(64), nullable=False),
    # The words of `shared.tenants.api_key.Scope`, with spaces.
    Column("scopes", String(64), nullable=False, server_default=text("'submit read'")),
    # Quotas; NULL: the installation's.
    Column("rate_per_minute", Integer),
    Column("max_queued", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    # Who is told of the end of its jobs unless they say; and what signs that, the newest first, with spaces.
    Column("callback_url", String(4096)),
    Column("webhook_secrets", String(255)),
    # A tenant's, newest first.
    Index("api_keys_by_age", "tenant", "created_at", "id"),
)

#: What was done to keys and webhooks, and by whom; kept for longer than either.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("actor", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("address", String(128), nullable=False),
    Column("request_id", String(128), nullable=False),
    Column("details", JSON, nullable=False),
    # A tenant's lines, newest first, and all of them; the oldest ones are forgotten.
    Index("audit_log_by_tenant", "tenant", "created_at", "id"),
    Index("audit_log_by_age", "created_at", "id"),
)

#: One row, kept by whoever migrates, as Alembic keeps its own table.
schema_window = Table(
    "cutwork_schema",
    metadata,
    # The smallest newest migration of a code that can run on this schema.
    Column("oldest_code", Integer, nullable=False),
)
