"""Create the tables of jobs and API keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
oldest_code = 1

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME),
        sa.Column("revoked_at", _TIME),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("log_id", sa.String(32), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("queue", sa.String(16), nullable=False),
        sa.Column("cloth_class", sa.JSON(), nullable=False),
        sa.Column("return_form", sa.String(8), nullable=False),
        sa.Column("out_mode", sa.Integer(), nullable=False),
        sa.Column("input_bytes", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(255)),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("releases", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(128)),
        sa.Column("lease_expires_at", _TIME),
        sa.Column("not_before", _TIME, nullable=False),
        sa.Column("published_at", _TIME),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME),
        sa.Column("finished_at", _TIME),
        sa.Column("expires_at", _TIME),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error_message", sa.String(500), nullable=False),
        sa.Column("shown", sa.JSON(none_as_null=True)),
        sa.CheckConstraint(
            "(status = 'processing') = (lease_expires_at IS NOT NULL)",
            name="lease_while_processing",
        ),
        sa.CheckConstraint(
            "status <> 'succeeded' OR shown IS NOT NULL", name="success_has_outputs"
        ),
        sa.CheckConstraint("status <> 'failed' OR error_code IS NOT NULL", name="failure_has_code"),
        sa.CheckConstraint(
            "(status IN ('queued', 'processing')) = (finished_at IS NULL)",
            name="finished_has_time",
        ),
    )
    op.create_index(
        "one_job_per_idempotency_key", "jobs", ["tenant", "idempotency_key"], unique=True
    )
    op.create_index("jobs_by_age", "jobs", ["tenant", "created_at", "id"])
    op.create_index("jobs_by_lease", "jobs", ["lease_expires_at"])
    op.create_index("jobs_by_publication", "jobs", ["status", "published_at"])
    op.create_index("jobs_by_turn", "jobs", ["status", "queue", "turn", "created_at"])
    op.create_index("jobs_by_tenant", "jobs", ["tenant", "status", "queue", "turn"])
    op.create_index("jobs_by_expiry", "jobs", ["status", "expires_at"])


def downgrade() -> None:
    op.drop_table("jobs")
    op.drop_table("api_keys")
