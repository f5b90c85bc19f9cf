"""Releases that do not exist yet: today's migrations and one more."""

from __future__ import annotations

import shutil
from pathlib import Path

from alembic.script import ScriptDirectory

from shared.sql.schema import MIGRATIONS

ADDS_A_COLUMN = 'op.add_column("api_keys", sa.Column("note", sa.String(8)))'
_DROPS_THE_COLUMN = 'op.drop_column("api_keys", "note")'


def newest_migration(migrations: Path = MIGRATIONS) -> int:
    """Number the newest migration of a release."""
    return int(ScriptDirectory(str(migrations)).get_current_head() or 0)


def next_release(
    folder: Path,
    upgrade: str = ADDS_A_COLUMN,
    downgrade: str = _DROPS_THE_COLUMN,
    oldest_code: int = 1,
) -> Path:
    """Write the migrations of a release that has one more; return their folder."""
    migrations = folder / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    newest = newest_migration()
    (migrations / "versions" / f"{newest + 1:04}_next.py").write_text(
        f"""
import sqlalchemy as sa
from alembic import op
from migrations import online_index

revision, down_revision = "{newest + 1:04}", "{newest:04}"
oldest_code = {oldest_code}


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
"""
    )
    return migrations
