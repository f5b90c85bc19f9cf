"""Add where a job's photo is fetched from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
oldest_code = 1


def upgrade() -> None:
    op.add_column("jobs", sa.Column("image_url", sa.Text()))


def downgrade() -> None:
    op.drop_column("jobs", "image_url")
