"""Index what clients call a job."""

from __future__ import annotations

import sqlalchemy as sa

from migrations import online_index

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
oldest_code = 1

_SEEN_BY = (
    "tenant || ':' || CASE WHEN error_code = 'ERROR_TASK_REVOKED' THEN 'cancelled' ELSE status END"
)
_WHERE = sa.text("reference IS NOT NULL")
#: By name: what comes before the job's age and id.
_INDEXES = {
    "jobs_by_reference": "tenant || ':' || reference",
    "jobs_by_reference_and_seen": f"{_SEEN_BY} || ':' || reference",
}


def upgrade() -> None:
    for name, called in _INDEXES.items():
        columns = (sa.text(f"({called})"), "created_at", "id")
        online_index.create_index(
            name, "jobs", columns, postgresql_where=_WHERE, sqlite_where=_WHERE
        )


def downgrade() -> None:
    for name in _INDEXES:
        online_index.drop_index(name, "jobs")
