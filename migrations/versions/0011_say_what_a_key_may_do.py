"""Keep what a key may do, how much of it, and when it was used last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
oldest_code = 1

_TABLE = "api_keys"


def upgrade() -> None:
    name = sa.Column("name", sa.String(64), nullable=False, server_default=sa.text("''"))
    usual = sa.text("'submit read'")
    scopes = sa.Column("scopes", sa.String(64), nullable=False, server_default=usual)
    op.add_column(_TABLE, name)
    op.add_column(_TABLE, scopes)
    op.add_column(_TABLE, sa.Column("rate_per_minute", sa.Integer()))
    op.add_column(_TABLE, sa.Column("max_queued", sa.Integer()))
    op.add_column(_TABLE, sa.Column("last_used_at", sa.DateTime(timezone=True)))
    # Keys are few: it takes no time that anybody notices.
    op.create_index("api_keys_by_age", _TABLE, ["tenant", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("api_keys_by_age", _TABLE)
    for column in ("last_used_at", "max_queued", "rate_per_minute", "scopes", "name"):
        op.drop_column(_TABLE, column)
