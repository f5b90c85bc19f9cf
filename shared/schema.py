"""The schema's version: brings a database to the newest one, or says that it is not."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from shared.database import Database
from shared.errors import DatabaseUnavailable

_MIGRATIONS = Path(__file__).parent.parent / "migrations"


def migrate(database: Database) -> None:
    """Run the migrations that are missing.

    Raises:
        DatabaseUnavailable: The database cannot be reached.
    """
    config = _config()
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_schema(database: Database) -> None:
    """See that the schema is the one this code was written for.

    Raises:
        DatabaseUnavailable: It is not, or the database cannot be reached.
    """
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with database.reading() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != newest:
        raise DatabaseUnavailable("the schema is not up to date: run `cutwork-admin setup`")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
