"""Each statement on batches looks at the rows that it needs, however many batches, and items of one, there are."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest

from deploy.local.servers.postgres import Postgres
from shared.batches.batch import Batch
from shared.batches.store import BatchStore
from shared.job import Bookmark
from shared.jobs.store import JobStore
from shared.sql.clock import database_clock
from shared.sql.database import Database
from shared.sql.schema import migrate
from tests.batches import DEADLINE, accepted, new_batch, new_items
from tests.clock import ClockOf
from tests.conformance.conftest import LIMITS
from tests.conformance.plans import (
    STATISTICS,
    Explainer,
    assert_by_index,
    crowded,
    indexes_of,
    steps_on_sqlite,
)

MINUTE, YEAR = timedelta(minutes=1), timedelta(days=365)
LIMIT = 10
KEY, AGE, WORK, CLEAR = "batches_by_key", "batches_by_age", "batches_at_work", "batches_to_clear"
ID, LINE, OPEN = "batches_pkey", "batch_items_pkey", "batch_items_open"

#: Of one tenant, five thousand in each state but those that are at work, of which few can be.
_BATCHES = """
    INSERT INTO batches (id, log_id, tenant, status, fingerprint, total, released, released_to, processing, succeeded,
        failed, cancelled, created_at, accepted_at, not_before)
    SELECT gen_random_uuid(), '', 'shop', status, '', 1, 1, 1, 0, 1, 0, 0, begun,
        CASE status WHEN 'receiving' THEN NULL ELSE begun END, begun
    FROM (SELECT now() - n * interval '1 s' AS begun FROM generate_series(1, 5000) n) times,
        (VALUES ('receiving'), ('completed'), ('cancelled'), ('expired')) AS states (status)
"""
#: Of one batch: most have ended.
_ITEMS = """
    INSERT INTO batch_items (batch_id, line, job_id, open_in, outcome, error_message)
    SELECT batch, line, gen_random_uuid(), CASE WHEN line % 1000 = 0 THEN batch END, 'succeeded', ''
    FROM generate_series(1, 20000) line, (SELECT gen_random_uuid() batch) one
"""


class Case(NamedTuple):
    ask: Callable[[BatchStore, Batch], object]
    indexes: set[str]
    later: timedelta = timedelta(0)


def cancelled(store: BatchStore, batch: Batch) -> None:
    store.cancel(batch.id, batch.tenant)
    store.cancel_held(batch.id, LIMIT)


def added(store: BatchStore) -> None:
    new = new_batch()
    store.begin(new)
    store.add(new.id, new_items(1))


def settled(store: BatchStore, batch: Batch) -> None:
    [job_id] = store.release(batch.id, 1, 1)
    store.settle(batch.id, LIMIT)
    jobs = JobStore(store._database, LIMITS)
    assert jobs.erase(job_id, batch.tenant)
    assert store.settle(batch.id, LIMIT) == 1


def deleted(store: BatchStore) -> None:
    new = new_batch()
    store.begin(new)
    for line in (1, 2, 3):
        store.add(new.id, new_items(1, first=line))
    store.discard(new.id)
    assert all(store.delete_some(2) for _ in range(2))


CASES = {
    "count_at_work": Case(lambda store, it: store.count_at_work("shop", LIMIT), {WORK}),
    "begin": Case(lambda store, it: store.begin(new_batch()), set()),
    "add": Case(lambda store, it: added(store), {ID}),
    "accept": Case(lambda store, it: accepted(store, 1, key=uuid4().hex), {ID}),
    "discard": Case(lambda store, it: store.discard(it.id), {ID}),
    "find": Case(lambda store, it: store.find(it.id, it.tenant), {ID}),
    "look_up": Case(lambda store, it: store.look_up([it.id]), {ID}),
    "find_by_idempotency_key": Case(
        lambda store, it: store.find_by_idempotency_key("key", "shop"), {KEY}
    ),
    "list_batches": Case(lambda store, it: store.list_batches("shop", LIMIT), {AGE}),
    "list_batches, further": Case(
        lambda store, it: store.list_batches(
            "shop", LIMIT, Bookmark(it.accepted_at - timedelta(hours=1), it.id)
        ),
        {AGE},
    ),
    "read_items": Case(lambda store, it: store.read_items(it.id, it.tenant, 10, LIMIT), {ID, LINE}),
    "cancel": Case(lambda store, it: store.cancel(it.id, it.tenant), {ID}),
    "cancel_held": Case(cancelled, {ID, LINE}),
    "list_at_work": Case(lambda store, it: store.list_at_work(LIMIT), {WORK}),
    "list_at_work, further": Case(lambda store, it: store.list_at_work(LIMIT, "a"), {WORK}),
    "release": Case(lambda store, it: store.release(it.id, LIMIT, LIMIT), {ID, LINE}),
    "settle": Case(settled, {ID, LINE, OPEN}),
    "discard_broken_off": Case(
        lambda store, it: store.discard_broken_off(LIMIT), {ID, CLEAR}, later=MINUTE
    ),
    "expire": Case(lambda store, it: store.expire(YEAR, LIMIT), {ID, CLEAR}, later=MINUTE),
    "forget_expired": Case(
        lambda store, it: store.forget_expired(LIMIT), {ID, CLEAR}, later=MINUTE
    ),
    "delete_some": Case(lambda store, it: deleted(store), {ID, LINE, CLEAR}),
}


def test_every_method_of_the_batch_store_is_looked_at() -> None:
    methods = inspect.getmembers(BatchStore, inspect.isfunction)
    public = {name for name, _ in methods if not name.startswith("_")}

    assert public == {name.partition(",")[0] for name in CASES}


@pytest.fixture(scope="module", params=STATISTICS)
def database(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[Database]:
    """A database with many batches, and with statistics that may not know of them."""
    with crowded(
        postgres, request.param, ["batches", "batch_items"], [_BATCHES, _ITEMS]
    ) as database:
        yield database


@pytest.mark.parametrize("name", CASES)
def test_each_statement_on_batches_looks_at_no_more_rows_than_it_needs(
    database: Database, name: str
) -> None:
    case = CASES[name]
    batch = accepted(BatchStore(database, DEADLINE), 30)
    watched = Database(database.url.render_as_string(hide_password=False))
    explainers = [Explainer(watched, table) for table in ("batches", "batch_items")]

    try:
        clock = ClockOf(lambda asked: database_clock(asked) + case.later)
        case.ask(BatchStore(watched, DEADLINE, clock), batch)
    finally:
        watched.close()
        BatchStore(database, DEADLINE).cancel(batch.id, batch.tenant)
        BatchStore(database, DEADLINE).cancel_held(batch.id, 100)

    used = indexes_of(*explainers)
    assert {name for name in used if name.startswith("batch")} == case.indexes


@pytest.mark.parametrize("name", CASES)
def test_sqlite_looks_into_the_indexes_of_batches_too(name: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/jobs.sqlite3")
    migrate(database)
    store = BatchStore(database, DEADLINE)
    batch = accepted(store, 30)
    steps = steps_on_sqlite(database, "batch")
    CASES[name].ask(store, batch)

    assert_by_index(steps, "batch")
    database.close()
