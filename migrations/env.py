"""Alembic's entry: runs the migrations on the connection of `shared.sql.schema`, or on one of the settings' database.

How a migration is written:

- Its number is the last one's plus one (`0007`). `oldest_code` is the number of the newest migration that the oldest
  code knows which can run on the result. A migration that only adds (a table, an index, a column with a default or
  NULL) keeps the last one's, so the processes of the release before go on during an upgrade. Whatever takes away what
  they read or write raises it, in a later release than the one whose code stopped using it.
- What clients may newly ask for gets no column. It is a word of `rendition`, or a new value of the columns that are
  there: a worker that does not know it notices, and leaves the job to others (`shared.wire.option_words`).
- One transaction a migration. It waits at most two seconds for a table, since all others wait behind it; then it is
  rolled back and tried again, for some minutes. There is no other limit of time.
- An index on a table with rows is built without a lock, by `migrations.online_index`, in a migration that does nothing
  else: what is built outside of a transaction is not taken back when the next statement fails, so it must be possible
  to run it again.
- No two processes migrate at once (`shared.sql.migration_lock`). On SQLite all migrations are one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection

import shared.batches.tables
import shared.operations.tables  # noqa: F401 - they are part of the metadata
from shared.settings.settings import load_settings
from shared.sql.database import open_database
from shared.sql.migration_lock import migrating
from shared.sql.schema import note_oldest_code
from shared.sql.tables import metadata


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
        on_version_apply=_note_oldest_code,
    )
    with context.begin_transaction():
        context.run_migrations()


def _note_oldest_code(
    ctx: MigrationContext,
    step: MigrationInfo,
    heads: Collection[Any],
    run_args: Mapping[str, Any],  # noqa: ARG001 - Alembic passes it by this name
) -> None:
    for head in heads:
        migration: Any = step.revision_map.get_revision(head)
        assert ctx.connection is not None
        note_oldest_code(ctx.connection, migration.module.oldest_code)


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with migrating(open_database(load_settings())) as own:
        _run(own)
