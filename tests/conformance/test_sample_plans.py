"""Each statement on samples, and the sum of a day, look at the rows that they need, whatever is believed of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local.servers.postgres import Postgres
from shared.jobs.backlog import Backlog
from shared.operations.samples import Samples
from shared.sql.database import Database
from shared.sql.schema import migrate
from tests.conformance.plans import (
    STATISTICS,
    Explainer,
    assert_by_index,
    crowded,
    indexes_of,
    steps_on_sqlite,
)

TABLES = ("samples", "usage_days")
CALM = Backlog(queued=0, oldest_age=timedelta(0), finished_lately=0)
#: Three days and a half, and of each of thirty tenants a thousand days until today.
CROWD = (
    """
    INSERT INTO samples (minute, queued, oldest_seconds, accepted, done, failed, cancelled)
    SELECT date_trunc('minute', now()) - n * interval '1 minute', 0, 0, 0, 0, 0, 0
    FROM generate_series(1, 5000) n
    """,
    """
    INSERT INTO usage_days (tenant, day, accepted, done, failed, cancelled, pixels, worker_ms)
    SELECT 'tenant ' || tenant, (now() AT TIME ZONE 'UTC')::date - 1000 + n, 1, 1, 0, 0, 1, 1
    FROM generate_series(1, 1000) n, generate_series(1, 30) tenant
    """,
)
KEY, DAY = "samples_pkey", "usage_days_by_day"
CASES: dict[str, tuple[Callable[[Samples], object], set[str]]] = {
    "is_due": (lambda it: it.is_due(), {KEY}),
    "take": (lambda it: it.take(CALM, {}), {DAY}),
    "read": (lambda it: it.read(timedelta(minutes=30)), {KEY}),
    "prune": (lambda it: it.prune(timedelta(minutes=4980)), {KEY}),
}


@pytest.fixture(scope="module", params=STATISTICS)
def database(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[Database]:
    with crowded(postgres, request.param, TABLES, CROWD) as database:
        yield database


@pytest.mark.parametrize("name", CASES)
def test_each_statement_on_samples_looks_at_no_more_rows_than_it_needs(
    database: Database, name: str
) -> None:
    ask, indexes = CASES[name]
    watched = Database(database.url.render_as_string(hide_password=False))
    explainers = [Explainer(watched, table) for table in TABLES]

    try:
        ask(Samples(watched))
    finally:
        watched.close()

    assert indexes_of(*explainers) == indexes


@pytest.mark.parametrize("name", CASES)
def test_sqlite_looks_into_the_indexes_of_samples_too(name: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/jobs.sqlite3")
    migrate(database)
    steps = {table: steps_on_sqlite(database, table) for table in TABLES}
    CASES[name][0](Samples(database))

    for table in TABLES:
        assert_by_index(steps[table], table)
    database.close()
