"""Items of batches are let into the queue in portions, as far as there is room."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta
from typing import cast

import pytest

from shared.batches.batch import Batch, BatchStatus
from shared.batches.store import BatchStore
from shared.job import Queue
from shared.jobs.backlog import Backlog
from shared.messaging.broker import Broker
from shared.tenants.api_key import Terms
from shared.tenants.key_store import KeyStore
from tests.batches import accepted, new_batch, new_items
from tests.factories import new_job
from tests.worker.conftest import LIMITS, Stores
from worker.sweeper import batch_keeper
from worker.sweeper.batch_keeper import BatchKeeper
from worker.sweeper.queue_room import QueueRoom


@pytest.fixture
def batches(stores: Stores) -> BatchStore:
    return BatchStore(stores.job_store._database, LIMITS.deadline, stores.clock)


@pytest.fixture
def key_store(stores: Stores) -> KeyStore:
    return KeyStore(stores.job_store._database, stores.clock)


def keeper_of(stores: Stores, batches: BatchStore, window: int = 10, **changes: int) -> BatchKeeper:
    limits = {"max_queued_per_tenant": 1000, "max_queued": 1000}
    return BatchKeeper(
        batches=batches,
        job_store=stores.job_store,
        broker=cast("Broker", stores.broker),
        window=window,
        room=QueueRoom(
            job_store=stores.job_store,
            key_store=KeyStore(stores.job_store._database, stores.clock),
            **{**limits, **changes},
        ),
        prune_after=timedelta(days=7),
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


def test_more_batches_than_one_round_looks_at_all_move_on(
    keeper: BatchKeeper, stores: Stores, batches: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_keeper, "_BATCHES_PER_ROUND", 3)
    made = []
    for tenant in ("a", "a", "b", "b", "b", "b", "c"):
        made.append(accepted(batches, 2, tenant=tenant))
        stores.clock.advance(seconds=1)
    *others, fourth, last = made

    for _ in range(3):
        while keeper.run():
            pass
        work_off(stores)

    # Of one tenant's the fourth waits as long as three older ones go on.
    assert {shown(batches, it).released for it in (*others, last)} == {2}
    assert shown(batches, fourth).released == 2


def test_a_tenant_whose_batches_fail_for_an_unforeseen_reason_holds_up_no_other(
    keeper: BatchKeeper, stores: Stores, batches: BatchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = accepted(batches, 2, tenant="a"), accepted(batches, 2, tenant="b")
    broken_off = new_batch()
    batches.begin(broken_off)
    stores.clock.advance(minutes=16)
    release = batches.release

    def fail_for_one(batch_id: uuid.UUID, window: int, portion: int) -> list[uuid.UUID]:
        if batch_id == bad.id:
            raise ZeroDivisionError
        return release(batch_id, window, portion)

    monkeypatch.setattr(batches, "release", fail_for_one)

    with pytest.raises(ExceptionGroup) as caught:
        keeper.run()

    assert caught.group_contains(ZeroDivisionError)
    assert [shown(batches, it).released for it in (bad, good)] == [0, 2]
    assert batches.discard_broken_off(10) == 0  # It has been.


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


def test_what_waits_is_counted_once_a_round_however_many_batches_go_on(
    stores: Stores,
    batches: BatchStore,
    key_store: KeyStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keeper = keeper_of(stores, batches, window=100)
    key, _ = key_store.create("a", Terms(max_queued=50))
    for tenant, key_id in (("a", key.id), ("a", key.id), ("a", None), ("b", None), ("b", None)):
        accepted(batches, 2, tenant=tenant, key_id=key_id)
    counted: list[str | None] = []
    measure_backlog, count_of_key = (
        stores.job_store.measure_backlog,
        stores.job_store.count_of_key,
    )

    def measure(tenant: str | None, at_most: int) -> Backlog:
        counted.append(tenant)
        return measure_backlog(tenant, at_most)

    def count(key_id: str, at_most: int) -> int:
        counted.append(key_id)
        return count_of_key(key_id, at_most)

    monkeypatch.setattr(stores.job_store, "measure_backlog", measure)
    monkeypatch.setattr(stores.job_store, "count_of_key", count)

    keeper.run()

    assert Counter(counted) == Counter([None, "a", "b", key.id])
    assert len(stores.broker.published) == 10


@pytest.mark.parametrize(
    ("limit", "tenants"), [("max_queued", "abc"), ("max_queued_per_tenant", "aaa")]
)
def test_batches_that_move_on_in_one_round_stop_together_before_a_limit(
    stores: Stores, batches: BatchStore, limit: str, tenants: str
) -> None:
    keeper = keeper_of(stores, batches, window=100, **{limit: 20})
    assert stores.job_store.create(new_job(tenant=tenants[0]))
    for tenant in tenants:
        accepted(batches, 8, tenant=tenant)

    keeper.run()

    assert stores.job_store.measure_backlog(None, 100).queued == 18


def test_of_a_key_with_a_limit_of_its_own_no_more_items_of_a_batch_wait(
    stores: Stores, batches: BatchStore, key_store: KeyStore
) -> None:
    keeper = keeper_of(stores, batches, window=500)
    key, _ = key_store.create("shop", Terms(max_queued=5))
    batch = accepted(batches, 100, key_id=key.id)
    most = 0

    while shown(batches, batch).status is BatchStatus.RUNNING:
        while keeper.run():
            pass
        most = max(most, stores.job_store.count_of_key(key.id, 100))
        work_off(stores)

    assert most == 4  # One place is left to what is sent by itself.
    assert shown(batches, batch).succeeded == 100


def test_what_waits_of_a_key_already_takes_room_of_its_batch_and_of_no_others(
    stores: Stores, batches: BatchStore, key_store: KeyStore
) -> None:
    keeper = keeper_of(stores, batches, window=500)
    key, _ = key_store.create("shop", Terms(max_queued=10))
    for _ in range(7):
        assert stores.job_store.create(new_job(tenant="shop", key_id=key.id))
    small, other = accepted(batches, 25, key_id=key.id), accepted(batches, 25)

    keeper.run()

    assert [shown(batches, it).released for it in (small, other)] == [2, 25]


def test_a_batch_of_a_key_that_may_have_one_job_waiting_moves_on_one_by_one(
    stores: Stores, batches: BatchStore, key_store: KeyStore
) -> None:
    keeper = keeper_of(stores, batches)
    key, _ = key_store.create("shop", Terms(max_queued=1))
    batch = accepted(batches, 3, key_id=key.id)

    for _ in range(4):
        keeper.run()
        assert stores.job_store.count_of_key(key.id, 9) <= 1
        work_off(stores)

    assert shown(batches, batch).status is BatchStatus.COMPLETED


def test_a_batch_of_a_key_with_a_limit_above_its_tenants_is_bound_by_that_alone(
    stores: Stores, batches: BatchStore, key_store: KeyStore
) -> None:
    keeper = keeper_of(stores, batches, window=500, max_queued_per_tenant=10)
    key, _ = key_store.create("shop", Terms(max_queued=20))
    for _ in range(10):
        assert stores.job_store.create(new_job(tenant="shop"))
    large, usual = accepted(batches, 25, key_id=key.id), accepted(batches, 25)

    keeper.run()

    assert [shown(batches, it).released for it in (large, usual)] == [18, 0]


def test_the_limit_of_a_key_holds_for_its_batch_after_the_key_has_ended(
    stores: Stores, batches: BatchStore, key_store: KeyStore
) -> None:
    keeper = keeper_of(stores, batches, window=500)
    key, _ = key_store.create("shop", Terms(max_queued=10))
    batch = accepted(batches, 25, key_id=key.id)
    key_store.revoke(key.id)

    keeper.run()

    assert shown(batches, batch).released == 9


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
