"""Index the turns of jobs that came back."""

from __future__ import annotations

import sqlalchemy as sa

from migrations import online_index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
oldest_code = 1

_NAME = "jobs_back_in_turn"
_WHERE = sa.text("status = 'queued' AND attempt > 0")


def upgrade() -> None:
    columns = ("tenant", "queue", "start_tag")
    online_index.create_index(_NAME, "jobs", columns, postgresql_where=_WHERE, sqlite_where=_WHERE)


def downgrade() -> None:
    online_index.drop_index(_NAME, "jobs")
