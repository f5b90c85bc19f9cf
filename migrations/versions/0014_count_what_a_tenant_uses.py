"""Keep what a tenant uses on a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
oldest_code = 1

_TABLE = "usage_days"
_COUNTS = ("accepted", "done", "failed", "cancelled", "pixels", "worker_ms")


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
    )
    op.create_index("usage_days_by_day", _TABLE, ["day"])


def downgrade() -> None:
    op.drop_table(_TABLE)
