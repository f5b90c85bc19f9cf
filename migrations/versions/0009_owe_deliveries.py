"""Keep who is told of a job's end, and what is owed to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
oldest_code = 1

_TABLE = "webhook_deliveries"
_TIME = sa.DateTime(timezone=True)
_DUE = sa.text("state = 'pending'")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("callback_url", sa.String(4096)))
    op.create_table(
        _TABLE,
        sa.Column("job_id", sa.Uuid(), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("url", sa.String(4096), nullable=False),
        sa.Column("host", sa.String(261), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", _TIME, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME),
        sa.Column("status", sa.Integer()),
        sa.Column("reason", sa.String(500), nullable=False),
    )
    op.create_index(
        "webhook_deliveries_due",
        _TABLE,
        ["host", "not_before"],
        postgresql_where=_DUE,
        sqlite_where=_DUE,
    )


def downgrade() -> None:
    op.drop_table(_TABLE)
    op.drop_column("jobs", "callback_url")
