"""Each statement on deliveries looks at the rows that it needs, however many wait for a host that is dead."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.servers.postgres import Postgres
from shared.job import Queue
from shared.jobs.store import JobStore
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.webhooks.deliveries import Deliveries, forget
from shared.webhooks.delivery import Delivery
from tests.conformance.conftest import LIMITS
from tests.conformance.plans import (
    STATISTICS,
    Explainer,
    assert_by_index,
    crowded,
    indexes_of,
    steps_on_sqlite,
)
from tests.factories import new_job

DUE, ID = "webhook_deliveries_due", "webhook_deliveries_pkey"
_CROWD = """
    INSERT INTO webhook_deliveries
        (job_id, tenant, url, host, event, state, tries, not_before, created_at, reason)
    SELECT gen_random_uuid(), 'shop', 'https://h/', host, 'job.failed', state, 0, now() - n * interval '1 s', now(), ''
    FROM generate_series(1, 5000) n, (VALUES
        ('dead.example', 'pending'), ('arrived.example', 'delivered'), ('shop.example', 'failed')
    ) AS kinds (host, state)
"""

Ask = Callable[[Database, Delivery], object]
CASES: dict[str, tuple[Ask, set[str]]] = {
    "take": (lambda it, _: Deliveries(it).take(20), {DUE, ID}),
    "take, but for a host that is busy": (
        lambda it, _: Deliveries(it).take(20, ["dead.example"]),
        {DUE, ID},
    ),
    "deliver": (lambda it, one: Deliveries(it).deliver(one, 200), {ID}),
    "postpone": (lambda it, one: Deliveries(it).postpone(one, timedelta(1), 500, ""), {ID}),
    "give_up": (lambda it, one: Deliveries(it).give_up(one, 410, ""), {ID}),
    "switch_off": (lambda it, one: Deliveries(it).switch_off(one, ""), {DUE}),
    "find": (lambda it, one: Deliveries(it).find(one.job_id), {ID}),
    "redeliver": (lambda it, one: Deliveries(it).redeliver(one.job_id), {ID}),
    "forget": (lambda it, one: _within(it, lambda open_: forget(open_, [one.job_id])), {ID}),
}


def _within(database: Database, ask: Callable[[Any], object]) -> None:
    with database.writing() as connection:
        ask(connection)


def owed(database: Database) -> Delivery:
    store = JobStore(database, LIMITS)
    assert store.create(new_job(callback_url=f"https://{uuid.uuid4()}.example/"))
    job = store.claim(Queue.INTERACTIVE, "worker")
    assert job is not None
    assert store.complete(job.lease, {})
    names = {"url": "", "host": "", "event": ""}
    return Delivery(job_id=job.id, tenant=job.tenant, tries=0, **names)


@pytest.fixture(scope="module", params=STATISTICS)
def database(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[Database]:
    """A database with many deliveries, and with statistics that may not know of them."""
    with crowded(postgres, request.param, ["webhook_deliveries"], [_CROWD]) as database:
        yield database


@pytest.mark.parametrize("name", CASES)
def test_each_statement_on_deliveries_looks_at_no_more_rows_than_it_needs(
    database: Database, name: str
) -> None:
    ask, indexes = CASES[name]
    delivery = owed(database)
    watched = Database(database.url.render_as_string(hide_password=False))
    explainer = Explainer(watched, "webhook_deliveries")

    try:
        ask(watched, delivery)
    finally:
        watched.close()

    assert indexes_of(explainer) == indexes


@pytest.mark.parametrize("name", CASES)
def test_sqlite_looks_into_the_indexes_of_deliveries_too(name: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/jobs.sqlite3")
    migrate(database)
    delivery = owed(database)
    steps = steps_on_sqlite(database, "webhook_deliveries")
    CASES[name][0](database, delivery)

    assert steps
    assert_by_index(steps, "webhook_deliveries")
    database.close()
