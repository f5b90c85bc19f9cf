"""Alembic's entry: runs the migrations on the database of the settings, or on a given connection."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from shared.database import Database
from shared.settings import load_settings
from shared.tables import metadata


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    database = Database(load_settings().database_url)
    with database.writing() as own:
        _run(own)
    database.close()
