"""Keep with a job how its pictures are delivered, and what was measured of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
oldest_code = 1


def upgrade() -> None:
    op.add_column("jobs", sa.Column("rendition", sa.JSON()))
    op.add_column("jobs", sa.Column("report", sa.JSON()))


def downgrade() -> None:
    op.drop_column("jobs", "report")
    op.drop_column("jobs", "rendition")
