"""Keep batches, and their items until those become jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
oldest_code = 1

_BATCHES, _ITEMS = "batches", "batch_items"
_TIME = sa.DateTime(timezone=True)
_COUNTS = ("total", "released", "released_to", "processing", "succeeded", "failed", "cancelled")


def upgrade() -> None:
    op.create_table(
        _BATCHES,
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("log_id", sa.String(32), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("at_work_for", sa.String(64)),
        sa.Column("reference", sa.String(255)),
        sa.Column("callback_url", sa.String(4096)),
        sa.Column("traceparent", sa.String(55)),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("accepted_at", _TIME),
        sa.Column("finished_at", _TIME),
        sa.Column("expires_at", _TIME),
        sa.Column("not_before", _TIME, nullable=False),
    )
    op.create_table(
        _ITEMS,
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(255)),
        sa.Column("request", sa.JSON()),
        sa.Column("open_in", sa.Uuid()),
        sa.Column("outcome", sa.String(16)),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "line", name="batch_items_pkey"),
    )
    _create_index(
        "batches_by_key",
        _BATCHES,
        ["idempotency_key", "tenant"],
        "idempotency_key IS NOT NULL",
        unique=True,
    )
    _create_index(
        "batches_by_age", _BATCHES, ["tenant", "accepted_at", "id"], "accepted_at IS NOT NULL"
    )
    _create_index(
        "batches_at_work",
        _BATCHES,
        ["at_work_for", "accepted_at"],
        "at_work_for IS NOT NULL",
    )
    op.create_index("batches_to_clear", _BATCHES, ["status", "not_before"])
    _create_index("batch_items_open", _ITEMS, ["open_in", "line"], "open_in IS NOT NULL")


def downgrade() -> None:
    op.drop_table(_ITEMS)
    op.drop_table(_BATCHES)


def _create_index(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        postgresql_where=condition,
        sqlite_where=condition,
    )
