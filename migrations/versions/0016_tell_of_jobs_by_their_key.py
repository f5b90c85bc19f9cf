"""Keep who is told of the end of a key's jobs, and what signs that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
oldest_code = 1

_TABLE = "api_keys"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("callback_url", sa.String(4096)))
    op.add_column(_TABLE, sa.Column("webhook_secrets", sa.String(255)))


def downgrade() -> None:
    op.drop_column(_TABLE, "webhook_secrets")
    op.drop_column(_TABLE, "callback_url")
