"""The tables of batches; `shared.batches` alone reads and writes them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Uuid,
)

from shared.sql.tables import UtcDateTime, metadata, partial_index

batches = Table(
    "batches",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("log_id", String(32), nullable=False),
    Column("tenant", String(64), nullable=False),
    # The key that it was sent with, as of a job.
    Column("key_id", String(16)),
    Column("status", String(16), nullable=False),
    # The tenant once more, while the batch goes on: states have an index of their own, and these want another order.
    Column("at_work_for", String(64)),
    # What the client calls it; NULL: nothing.
    Column("reference", String(255)),
    Column("callback_url", String(4096)),
    Column("traceparent", String(55)),
    # Taken when all lines are there, and given back when the batch expires.
    Column("idempotency_key", String(255)),
    Column("fingerprint", String(64), nullable=False),
    Column("total", Integer, nullable=False),
    # How many items have left for the queue, and the line of the last one.
    Column("released", Integer, nullable=False),
    Column("released_to", Integer, nullable=False),
    Column("processing", Integer, nullable=False),
    Column("succeeded", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("cancelled", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # NULL: its lines come in, or it was refused.
    Column("accepted_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    # Of one that is not at work: when the sweeper has to do with it next.
    Column("not_before", UtcDateTime, nullable=False),
    partial_index(
        "batches_by_key",
        *("idempotency_key", "tenant"),
        where="idempotency_key IS NOT NULL",
        unique=True,
    ),
    # A tenant lists its batches, newest first.
    partial_index(
        "batches_by_age",
        *("tenant", "accepted_at", "id"),
        where="accepted_at IS NOT NULL",
    ),
    # The sweeper goes from tenant to tenant, and in each from the oldest batch on.
    partial_index(
        "batches_at_work",
        *("at_work_for", "accepted_at"),
        where="at_work_for IS NOT NULL",
    ),
    Index("batches_to_clear", "status", "not_before"),
)

batch_items = Table(
    "batch_items",
    metadata,
    Column("batch_id", Uuid, nullable=False),
    Column("line", Integer, nullable=False),
    Column("job_id", Uuid, nullable=False),
    Column("reference", String(255)),
    # What the job's row will be made of; NULL: it is a job now, or will never be one.
    Column("request", JSON(none_as_null=True)),
    # The batch once more, until the item has ended: so that the index of the open ones is no other's twin.
    Column("open_in", Uuid),
    # What became of it; NULL: it goes on.
    Column("outcome", String(16)),
    Column("error_code", String(64)),
    Column("error_message", Text, nullable=False),
    PrimaryKeyConstraint("batch_id", "line", name="batch_items_pkey"),
    partial_index("batch_items_open", "open_in", "line", where="open_in IS NOT NULL"),
)
