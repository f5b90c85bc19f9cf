"""The schema's version: brings a database to the newest one, or says why this code cannot run on it.

Every migration has a number, and names the oldest code that can run on what it makes: by the number of the newest
migration which that code knows (`oldest_code`). Code whose newest migration is H runs on a schema of revision R when

    oldest_code of R  ≤  H  ≤  R

so a migration that only adds leaves the processes of the release before in service, and a release that was rolled back
finds a database that it can use. `migrations/env.py` says how to write one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert, inspect, select
from sqlalchemy.exc import OperationalError

from shared.errors import DatabaseUnavailable, Misconfigured, SchemaUnfit
from shared.settings.settings import Settings
from shared.sql.database import Database, open_database
from shared.sql.migration_lock import migrating
from shared.sql.tables import schema_window
from shared.telemetry.logs import get_logger

_log = get_logger(__name__)

MIGRATIONS = Path(__file__).parents[2] / "migrations"
_FIRST = 1
_CURE = "run `cutwork-admin setup`"
#: PostgreSQL's word for a table that was not free in time.
_LOCK_NOT_AVAILABLE = "55P03"
_TRIES = 60
#: Between two tries of a migration to lock a table that others use; it makes sixty.
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class SchemaVersion:
    """What a database holds."""

    #: The newest migration that was run; 0: none.
    revision: int
    #: The smallest newest migration of a code that can run on it.
    oldest_code: int

    def fault_for(self, head: int) -> str:
        """Say why code whose newest migration is `head` cannot run on it; nothing if it can."""
        if self.revision == 0:
            return f"the database has no tables: {_CURE}"
        if self.revision < head:
            return f"the schema is older than this code ({self.revision} < {head}): {_CURE}"
        if head < self.oldest_code:
            return (
                f"the schema is too new for this code ({self.revision}, for code from {self.oldest_code} on; this is "
                f"{head}): start a newer release"
            )
        return ""


def require_schema(settings: Settings) -> None:
    """At the start of a process, see that it can run on the schema; a database that is away is waited for later.

    Raises:
        Misconfigured: It cannot.
    """
    database = open_database(settings)
    try:
        check_schema(database)
    except SchemaUnfit as error:
        raise Misconfigured(str(error)) from error
    except DatabaseUnavailable as error:
        _log.warning("database.away", reason=str(error))
    finally:
        database.close()


def migrate(database: Database, migrations: Path = MIGRATIONS) -> SchemaVersion:
    """Run the migrations that are missing; none if a newer release has run all of them and more.

    Raises:
        DatabaseUnavailable: The database cannot be reached, or its tables are in use without a pause.
        SchemaUnfit: It belongs to a release that is too new, or to another program.
        Misconfigured: The folder of a SQLite database cannot be made, or not be written; or a pooler stands between.
    """
    head = _head(migrations)
    found = _look(database)
    if found.revision < head:
        with migrating(database) as connection:
            # Another process may have done it meanwhile.
            if read_version(connection).revision < head:
                _upgrade(_config(migrations), connection)
            found = read_version(connection)
    if fault := found.fault_for(head):
        raise SchemaUnfit(fault)
    return found


def check_schema(database: Database, migrations: Path = MIGRATIONS) -> None:
    """See that this code can run on the schema that is there.

    Raises:
        SchemaUnfit: It cannot.
        DatabaseUnavailable: The database cannot be reached.
    """
    if fault := _look(database).fault_for(_head(migrations)):
        raise SchemaUnfit(fault)


def read_version(connection: Connection) -> SchemaVersion:
    """Read what a database holds.

    Raises:
        SchemaUnfit: Another program keeps its version where ours should be.
    """
    revisions = MigrationContext.configure(connection).get_current_heads()
    if not revisions:
        return SchemaVersion(0, _FIRST)
    if len(revisions) > 1 or not revisions[0].isdecimal():
        raise SchemaUnfit(
            "the database belongs to another program (see its table alembic_version): Cutwork needs one of its own"
        )
    # Without the table nothing but additions was made yet.
    oldest_code = _FIRST
    if inspect(connection).has_table(schema_window.name):
        oldest_code = connection.execute(select(schema_window.c.oldest_code)).scalar() or _FIRST
    return SchemaVersion(int(revisions[0]), oldest_code)


def note_oldest_code(connection: Connection, oldest_code: int) -> None:
    """Keep what a migration says of the code that can run on it."""
    schema_window.create(connection, checkfirst=True)
    connection.execute(delete(schema_window))
    connection.execute(insert(schema_window).values(oldest_code=oldest_code))


def _look(database: Database) -> SchemaVersion:
    if database.is_missing:
        return SchemaVersion(0, _FIRST)
    with database.reading() as connection:
        return read_version(connection)


def _upgrade(config: Config, connection: Connection) -> None:
    config.attributes["connection"] = connection
    for _ in range(_TRIES):
        if connection.dialect.name != "sqlite":
            # Alembic begins a transaction a migration, unless it finds itself in one.
            connection.rollback()
        try:
            command.upgrade(config, "head")
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            _log.warning("migration.table_in_use", retry_s=_PAUSE_SECONDS)
            time.sleep(_PAUSE_SECONDS)
        else:
            return
    raise DatabaseUnavailable(
        "a table is in use without a pause: end the long transactions that pg_stat_activity shows, and run it again"
    )


def _config(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    return config


@cache
def _head(migrations: Path) -> int:
    return int(ScriptDirectory.from_config(_config(migrations)).get_current_head() or 0)
