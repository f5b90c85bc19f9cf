"""Index the jobs that wait by the key that they were sent with."""

from __future__ import annotations

import sqlalchemy as sa

from migrations import online_index

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
oldest_code = 1

_NAME = "jobs_of_key_waiting"
_WHERE = sa.text("status = 'queued' AND key_id IS NOT NULL")


def upgrade() -> None:
    online_index.create_index(
        _NAME, "jobs", ["key_id", "start_tag"], postgresql_where=_WHERE, sqlite_where=_WHERE
    )


def downgrade() -> None:
    online_index.drop_index(_NAME, "jobs")
