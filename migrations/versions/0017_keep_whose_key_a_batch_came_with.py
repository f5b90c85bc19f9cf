"""Keep the key that a batch was sent with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None
oldest_code = 1

_TABLE = "batches"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("key_id", sa.String(16)))


def downgrade() -> None:
    op.drop_column(_TABLE, "key_id")
