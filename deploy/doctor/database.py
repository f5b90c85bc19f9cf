"""The database: whether it answers, has our tables, tells the time as this machine does, and what its jobs say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from deploy.doctor.clock import compare_clocks
from deploy.doctor.finding import Finding, cause_of, doubtful, fine, wrong
from shared.errors import DatabaseUnavailable, SchemaUnfit
from shared.jobs.store import JobStore, limits_of
from shared.settings.settings import Settings, variable
from shared.sql.clock import database_clock
from shared.sql.database import Database, open_database
from shared.sql.schema import check_schema
from shared.tenants.key_store import KeyStore

#: So long a statement of a doctor may take.
_STATEMENT_SECONDS = 4.0
#: So long a job may wait for a worker before somebody should look.
_PATIENCE = timedelta(seconds=30)


def look_at_database(settings: Settings) -> Iterator[Finding]:
    """Look at it; what stands on something that is wrong is not looked at."""
    database = open_database(settings, _STATEMENT_SECONDS)
    try:
        yield from _look(settings, database)
    finally:
        database.close()


def _look(settings: Settings, database: Database) -> Iterator[Finding]:
    try:
        if not database.is_missing:
            database.ping()
        yield _place(settings, database)
        check_schema(database)
    except SchemaUnfit as error:
        seen, _, cure = str(error).rpartition(": ")
        yield wrong("schema", seen, cure)
    except DatabaseUnavailable as error:
        url = variable("database_url")
        yield wrong("database", f"{database.place}: {cause_of(error)}", f"start it, or mend {url}")
    else:
        yield fine("schema", "this release can run on it")
        yield from _look_inside(settings, database)


def _place(settings: Settings, database: Database) -> Finding:
    if "database_url" in settings.model_fields_set:
        return fine("database", f"{database.place} answers")
    cure = f"set {variable('database_url')}, or name `--environment FILE`, if you mean another one"
    return doubtful("database", f"{database.place}, since none is named", cure)


def _look_inside(settings: Settings, database: Database) -> Iterator[Finding]:
    with database.reading() as connection:
        ahead = (database_clock(connection) - datetime.now(UTC)).total_seconds()
    yield compare_clocks("database", ahead)
    if KeyStore(database).is_empty() and not settings.keyless:
        cure = "`cutwork-admin keys create NAME` makes one"
        yield wrong("keys", "there are none, so every request is answered with 401", cure)
    if JobStore(database, limits_of(settings)).is_stalled(_PATIENCE):
        seen = f"jobs have waited for {_PATIENCE.seconds} s, and nobody works on any"
        yield wrong(
            "queue", seen, "start `python -m worker`, and read why those that ran have ended"
        )
    else:
        yield fine("queue", "no job waits that nobody takes")
