"""Index jobs by what the request was called that asked for them."""

from __future__ import annotations

import sqlalchemy as sa

from migrations import online_index

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None
oldest_code = 1

_NAME = "jobs_by_request"
_WHERE = sa.text("request_id IS NOT NULL")


def upgrade() -> None:
    online_index.create_index(
        _NAME, "jobs", ["request_id"], postgresql_where=_WHERE, sqlite_where=_WHERE
    )


def downgrade() -> None:
    online_index.drop_index(_NAME, "jobs")
