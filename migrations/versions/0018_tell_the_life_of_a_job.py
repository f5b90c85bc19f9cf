"""Keep what happened to a job, what its request was called, and how the installation was, minute by minute."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None
oldest_code = 1


def upgrade() -> None:
    op.add_column("jobs", sa.Column("request_id", sa.String(128)))
    op.add_column("jobs", sa.Column("history", sa.Text()))
    op.create_table(
        "samples",
        sa.Column("minute", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("oldest_seconds", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("fleet", sa.JSON()),
    )


def downgrade() -> None:
    op.drop_table("samples")
    op.drop_column("jobs", "history")
    op.drop_column("jobs", "request_id")
