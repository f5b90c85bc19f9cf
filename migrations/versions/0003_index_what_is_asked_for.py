"""Give each statement on jobs the index that it needs, and let no index follow a lease."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from migrations import online_index

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
oldest_code = 1

_SEEN_BY = "(tenant || ':' || CASE WHEN error_code = 'ERROR_TASK_REVOKED' THEN 'cancelled' ELSE status END)"
_QUEUED = "status = 'queued'"


class _Index(NamedTuple):
    name: str
    columns: tuple[str | sa.TextClause, ...]
    where: str = ""
    unique: bool = False

    def create(self) -> None:
        options = {}
        if self.where:
            options = dict.fromkeys(("postgresql_where", "sqlite_where"), sa.text(self.where))
        online_index.create_index(self.name, "jobs", self.columns, unique=self.unique, **options)

    def drop(self) -> None:
        online_index.drop_index(self.name, "jobs")


_NEW = (
    _Index(
        "jobs_by_key",
        ("idempotency_key", "tenant"),
        "idempotency_key IS NOT NULL",
        unique=True,
    ),
    _Index("jobs_by_seen", (sa.text(_SEEN_BY), "created_at", "id")),
    _Index(
        "jobs_to_claim",
        ("queue", "start_tag", "created_at"),
        f"{_QUEUED} AND published_at IS NOT NULL",
    ),
    _Index("jobs_in_turn", ("tenant", "queue", "start_tag"), _QUEUED),
    _Index("jobs_started", ("queue", "start_tag"), "status <> 'queued' AND started_at IS NOT NULL"),
    _Index("jobs_in_work", ("started_at",), "status = 'processing'"),
    _Index("jobs_to_publish", ("queue", "not_before"), f"{_QUEUED} AND published_at IS NULL"),
    _Index("jobs_published", ("queue", "published_at"), f"{_QUEUED} AND published_at IS NOT NULL"),
    _Index("jobs_waiting", ("created_at",), _QUEUED),
    _Index("jobs_to_expire", ("not_before",), "status IN ('succeeded', 'failed', 'cancelled')"),
    _Index("jobs_to_prune", ("expires_at",), "status = 'expired'"),
)
_OLD = (
    _Index("jobs_by_lease", ("lease_expires_at",)),
    _Index("jobs_by_publication", ("status", "published_at")),
    _Index("jobs_by_turn", ("status", "queue", "turn", "created_at")),
    _Index("jobs_by_tenant", ("tenant", "status", "queue", "turn")),
    _Index("jobs_by_expiry", ("status", "expires_at")),
    # The last to go: what is cut off before has still this one, or the new one.
    _Index("one_job_per_idempotency_key", ("tenant", "idempotency_key"), unique=True),
)


def upgrade() -> None:
    _replace(_OLD, _NEW)


def downgrade() -> None:
    _replace(_NEW, _OLD)


def _replace(old: tuple[_Index, ...], new: tuple[_Index, ...]) -> None:
    for index in new:
        index.create()
    for index in old:
        index.drop()
