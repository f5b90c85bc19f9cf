"""The database that a command works on: the one that was named, and checked before anything is written."""

from __future__ import annotations

import click

from shared.errors import Misconfigured
from shared.settings.settings import Settings, load_settings
from shared.sql.database import Database, open_database
from shared.sql.schema import check_schema


def open_named_database() -> Database:
    """Open the database that was named: a key in the default one would be a key of no installation.

    Raises:
        Misconfigured: None was named.
        SchemaUnfit: It was not set up.
    """
    settings = load_settings()
    if "database_url" not in settings.model_fields_set:
        raise Misconfigured(
            "CUTWORK_DATABASE_URL is not set. `cutwork-admin --environment .cutwork/environment …` takes it from "
            "`make run`; elsewhere set what the service has"
        )
    database = open_database(settings)
    check_schema(database)
    tell_place(settings, database)
    return database


def tell_place(settings: Settings, database: Database) -> None:
    """Say which database that is, and who named it; one that is not usable is an error of one line."""
    source = click.get_current_context().find_root().obj or "CUTWORK_DATABASE_URL"
    if "database_url" not in settings.model_fields_set:
        source = "default, since CUTWORK_DATABASE_URL is not set"
    click.echo(f"Database: {database.place} ({source})", err=True)
