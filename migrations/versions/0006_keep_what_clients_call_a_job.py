"""Add what clients call a job, and the trace that it belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
oldest_code = 1


def upgrade() -> None:
    op.add_column("jobs", sa.Column("reference", sa.String(255)))
    op.add_column("jobs", sa.Column("metadata", sa.JSON(none_as_null=True)))
    op.add_column("jobs", sa.Column("traceparent", sa.String(55)))


def downgrade() -> None:
    op.drop_column("jobs", "traceparent")
    op.drop_column("jobs", "metadata")
    op.drop_column("jobs", "reference")
