"""Items of batches are let into the queue in portions, as far as there is room."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest

from shared.batches.batch import Batch, BatchStatus
from shared.batches.store import BatchStore
from shared.job import Queue
from shared.messaging.broker import Broker
from tests.batches import accepted, new_batch, new_items
from tests.worker.conftest import LIMITS, Stores
from worker.sweeper.batch_keeper import BatchKeeper


@pytest.fixture
def batches(stores: Stores) -> BatchStore:
    return BatchStore(stores.job_store._database, LIMITS.deadline, stores.clock)


def keeper_of(stores: Stores, batches: BatchStore, **changes: int) -> BatchKeeper:
    limits = {"window": 10, "max_queued_per_tenant": 1000, "max_queued": 1000}
    return BatchKeeper(
        batches=batches,
        job_store=stores.job_store,
        broker=cast("Broker", stores.broker),
        prune_after=timedelta(days=7),
        **{**limits, **changes},
    )


@pytest.fixture
def keeper(stores: Stores, batches: BatchStore) -> BatchKeeper:
    return keeper_of(stores, batches)


def shown(batches: BatchStore, batch: Batch) -> Batch:
    found = batches.find(batch.id, batch.tenant)
    assert found is not None
    return found


def work_off(stores: Stores) -> None:
    while job := stores.job_store.claim(Queue.BULK, "worker"):
        assert stores.job_store.complete(job.lease, {})


def test_a_batch_is_let_in_as_far_as_the_window_goes_and_published(
    keeper: BatchKeeper, stores: Stores, batches: BatchStore
) -> None:
    batch = accepted(batches, 25)

    for _ in range(3):
        keeper.run()

    assert shown(batches, batch).released == 10
    assert stores.broker.published == [Queue.BULK] * 10


def test_what_has_ended_makes_room_for_what_follows_until_all_has_ended(
    keeper: BatchKeeper, stores: Stores, batches: BatchStore
) -> None:
    batch = accepted(batches, 25)

    for _ in range(4):
        keeper.run()
        work_off(stores)

    after = shown(batches, batch)
    assert (after.status, after.succeeded) == (BatchStatus.COMPLETED, 25)


def test_of_a_tenants_batches_the_oldest_is_let_in_first_and_other_tenants_beside_it(
    keeper: BatchKeeper, stores: Stores, batches: BatchStore
) -> None:
    first = accepted(batches, 8)
    stores.clock.advance(seconds=1)
    second, others = accepted(batches, 8), accepted(batches, 8, tenant="other")

    keeper.run()

    assert [shown(batches, it).released for it in (first, second, others)] == [8, 2, 8]


@pytest.mark.parametrize("limit", ["max_queued_per_tenant", "max_queued"])
def test_a_batch_stops_before_a_limit_of_waiting_jobs_is_reached(
    stores: Stores, batches: BatchStore, limit: str
) -> None:
    keeper = keeper_of(stores, batches, **{limit: 10})
    for _ in range(4):
        stores.accept()
    batch = accepted(batches, 25)

    for _ in range(3):
        keeper.run()

    assert shown(batches, batch).released == 5


def test_what_could_not_be_published_is_left_to_the_sweep(
    keeper: BatchKeeper, stores: Stores, batches: BatchStore
) -> None:
    accepted(batches, 3)
    stores.broker.is_down = True

    keeper.run()

    stores.broker.is_down = False
    waiting = stores.job_store.take_for_publishing(Queue.BULK, timedelta.max, 10)
    assert len(waiting) == 3


def test_a_cancelled_batch_ends_when_what_runs_has_ended(
    keeper: BatchKeeper, stores: Stores, batches: BatchStore
) -> None:
    batch = accepted(batches, 25)
    keeper.run()
    running = stores.job_store.claim(Queue.BULK, "worker")
    assert running is not None
    batches.cancel(batch.id, batch.tenant)

    for _ in range(3):
        keeper.run()
    assert shown(batches, batch).status is BatchStatus.CANCELLING
    assert stores.job_store.complete(running.lease, {})
    keeper.run()

    after = shown(batches, batch)
    assert (after.status, after.succeeded, after.cancelled) == (BatchStatus.CANCELLED, 1, 24)


def test_what_broke_off_is_deleted_after_a_while(
    keeper: BatchKeeper, stores: Stores, batches: BatchStore
) -> None:
    new = new_batch()
    batches.begin(new)
    batches.add(new.id, new_items(3))
    stores.clock.advance(minutes=16)

    while keeper.run():
        pass

    assert batches.discard_broken_off(10) == 0
    assert batches.delete_some(10) == 0
