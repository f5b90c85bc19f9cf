"""Add the turn that only grows and the count of cut-offs, and let heartbeats stay on their page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
oldest_code = 1

#: A heartbeat writes its row anew, beside the old one if its page has room. Most rows of a large table are old and at
#: rest, so that a share of all rows says nothing about when the few that move want to be cleaned up.
_STORAGE = {
    "fillfactor": 70,
    "autovacuum_vacuum_scale_factor": 0.01,
    "autovacuum_vacuum_threshold": 1000,
    "autovacuum_analyze_scale_factor": 0.01,
    "autovacuum_analyze_threshold": 1000,
    "autovacuum_vacuum_cost_delay": 0,
}


def upgrade() -> None:
    op.add_column(
        "jobs", sa.Column("start_tag", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "jobs", sa.Column("cut_offs", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    if op.get_context().dialect.name == "postgresql":
        options = ", ".join(f"{name} = {value}" for name, value in _STORAGE.items())
        op.execute(f"ALTER TABLE jobs SET ({options})")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE jobs RESET ({', '.join(_STORAGE)})")
    op.drop_column("jobs", "cut_offs")
    op.drop_column("jobs", "start_tag")
