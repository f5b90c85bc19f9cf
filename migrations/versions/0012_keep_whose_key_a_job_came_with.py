"""Keep the key that a job was sent with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
oldest_code = 1


def upgrade() -> None:
    op.add_column("jobs", sa.Column("key_id", sa.String(16)))


def downgrade() -> None:
    op.drop_column("jobs", "key_id")
