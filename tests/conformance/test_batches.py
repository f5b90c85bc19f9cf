"""Batches, from their first line to their last row, on each database."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from shared.batches.batch import Batch, BatchStatus, Item, Outcome
from shared.batches.store import BatchStore
from shared.batches.tables import batch_items, batches
from shared.errors import DatabaseUnavailable, ErrorCode
from shared.job import Bookmark, JobStatus, Queue, Tags
from shared.jobs.store import JobStore
from shared.sql.database import Database
from shared.webhooks.deliveries import Deliveries
from tests.batches import DEADLINE, accepted, new_batch, new_items
from tests.clock import HandClock
from tests.factories import new_job

DAY = timedelta(days=1)


@pytest.fixture
def store(database: Database, clock: HandClock) -> BatchStore:
    return BatchStore(database, DEADLINE, clock)


def shown(store: BatchStore, batch: Batch) -> Batch:
    found = store.find(batch.id, batch.tenant)
    assert found is not None
    return found


def items_of(store: BatchStore, batch: Batch) -> list[Item]:
    lines = store.read_items(batch.id, batch.tenant, 0, 1000)
    assert lines is not None
    return lines.items


def outcomes(store: BatchStore, batch: Batch) -> list[Outcome | None]:
    return [item.outcome for item in items_of(store, batch)]


def count_rows(database: Database) -> tuple[int, int]:
    with database.reading() as connection:
        counts = (select(func.count()).select_from(table) for table in (batches, batch_items))
        of_batches, of_items = (connection.execute(count).scalar_one() for count in counts)
        return of_batches, of_items


def finish_all(job_store: JobStore, code: ErrorCode | None = None) -> list[uuid.UUID]:
    """Work on all that waits; return the jobs in the order of their claims."""
    done = []
    while job := job_store.claim(Queue.BULK, "worker"):
        if code is None:
            assert job_store.complete(job.lease, {})
        else:
            assert job_store.fail(job.lease, code, "Why.")
        done.append(job.id)
    return done


def test_a_batch_is_seen_by_nobody_before_its_last_line_is_there(store: BatchStore) -> None:
    new = new_batch()
    store.begin(new)
    store.add(new.id, new_items(2))

    assert store.find(new.id, "shop") is None
    assert store.list_batches("shop", 10) == []
    assert store.list_at_work(10) == []


def test_a_batch_that_was_accepted_has_all_its_items_and_is_its_tenants_alone(
    store: BatchStore,
) -> None:
    batch = accepted(store, 3)

    assert (batch.status, batch.total, batch.counts.held) == (BatchStatus.RUNNING, 3, 3)
    assert [item.reference for item in items_of(store, batch)] == ["SKU-1", "SKU-2", "SKU-3"]
    assert store.find(batch.id, "other") is None
    assert store.read_items(batch.id, "other", 0, 10) is None
    assert store.cancel(batch.id, "other") is None
    assert shown(store, batch).status is BatchStatus.RUNNING


def test_one_idempotency_key_makes_one_batch_of_a_tenant(store: BatchStore) -> None:
    first = accepted(store, 1, key="key")
    second = new_batch()
    store.begin(second)
    store.add(second.id, new_items(1))

    assert store.accept(second.id, "f" * 64, "key") is None
    assert store.find_by_idempotency_key("key", "shop") == first
    assert store.find_by_idempotency_key("key", "other") is None
    assert accepted(store, 1, key="key", tenant="other")


def test_lines_that_come_after_a_batch_was_given_up_are_refused(
    store: BatchStore, clock: HandClock
) -> None:
    new = new_batch()
    store.begin(new)
    clock.advance(minutes=14)
    store.add(new.id, new_items(1))
    clock.advance(minutes=14)
    assert store.discard_broken_off(10) == 0
    clock.advance(minutes=2)

    assert store.discard_broken_off(10) == 1
    with pytest.raises(DatabaseUnavailable):
        store.add(new.id, new_items(1, first=2))
    with pytest.raises(DatabaseUnavailable):
        store.accept(new.id, "f" * 64, None)


def test_a_batch_that_was_given_up_is_deleted_bit_by_bit(
    store: BatchStore, database: Database
) -> None:
    kept = accepted(store, 2)
    new = new_batch()
    store.begin(new)
    store.add(new.id, new_items(5))
    store.discard(new.id)

    assert [store.delete_some(2) > 0 for _ in range(4)] == [True, True, True, False]
    assert count_rows(database) == (1, 2)
    assert shown(store, kept)


def test_items_become_jobs_like_any_other_in_the_order_of_their_lines(
    store: BatchStore, job_store: JobStore
) -> None:
    items = new_items(3, tags=Tags(reference="R", metadata={"colour": "red"}))
    batch = accepted(
        store, items, key_id="0123456789ab", traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    )

    released = store.release(batch.id, 10, 10)

    assert released == [item.job.id for item in items]
    job = job_store.find(released[0], "shop")
    assert job is not None
    assert job.key_id == batch.key_id == "0123456789ab"
    assert (job.queue, job.status) == (Queue.BULK, JobStatus.QUEUED)
    assert (job.tags, job.fingerprint) == (items[0].job.tags, items[0].job.fingerprint)
    assert (job.image_url, job.traceparent) == (items[0].job.image_url, batch.traceparent)
    assert finish_all(job_store) == released


def test_what_an_item_was_made_of_is_forgotten_when_it_is_a_job(
    store: BatchStore, database: Database
) -> None:
    batch = accepted(store, 2)

    store.release(batch.id, 1, 1)

    with database.reading() as connection:
        rows = select(batch_items.c.request).order_by(batch_items.c.line)
        assert [row is None for row in connection.execute(rows).scalars()] == [True, False]


def test_no_more_items_are_open_than_may_be(store: BatchStore, job_store: JobStore) -> None:
    batch = accepted(store, 5)

    assert len(store.release(batch.id, 3, 2)) == 2
    assert len(store.release(batch.id, 3, 2)) == 1
    assert store.release(batch.id, 3, 2) == []
    finish_all(job_store)
    assert store.settle(batch.id, 10) == 3
    assert len(store.release(batch.id, 3, 5)) == 2


def test_a_batch_counts_what_became_of_its_items_and_ends_with_the_last_one(
    store: BatchStore, job_store: JobStore, clock: HandClock
) -> None:
    batch = accepted(store, 3)
    store.release(batch.id, 2, 2)
    job = job_store.claim(Queue.BULK, "worker")
    assert job is not None
    assert store.settle(batch.id, 10) == 0
    counts = shown(store, batch).counts
    assert (counts.held, counts.queued, counts.processing) == (1, 1, 1)

    assert job_store.complete(job.lease, {})
    finish_all(job_store, ErrorCode.FILE_DECODING_FAILURE)
    assert store.settle(batch.id, 10) == 2
    assert shown(store, batch).status is BatchStatus.RUNNING
    store.release(batch.id, 2, 2)
    finish_all(job_store)
    clock.advance(seconds=5)
    assert store.settle(batch.id, 10) == 1

    after = shown(store, batch)
    assert after.status is BatchStatus.COMPLETED
    assert (after.succeeded, after.failed, after.cancelled) == (2, 1, 0)
    assert (after.finished_at, after.expires_at) == (clock.now, clock.now + DAY)
    assert outcomes(store, batch) == [Outcome.SUCCEEDED, Outcome.FAILED, Outcome.SUCCEEDED]
    failed = items_of(store, batch)[1]
    assert (failed.error_code, failed.error_message) == (ErrorCode.FILE_DECODING_FAILURE, "Why.")


def test_a_window_moves_over_what_has_ended_past_what_has_not(
    store: BatchStore, job_store: JobStore
) -> None:
    batch = accepted(store, 6)
    store.release(batch.id, 6, 6)
    straggler = job_store.claim(Queue.BULK, "slow")
    assert straggler is not None
    finish_all(job_store)

    assert [store.settle(batch.id, 3) for _ in range(4)] == [2, 2, 1, 0]
    assert job_store.complete(straggler.lease, {})
    assert store.settle(batch.id, 3) == 1
    assert shown(store, batch).status is BatchStatus.COMPLETED


def test_an_end_is_counted_once_however_often_it_is_looked_for(
    store: BatchStore, job_store: JobStore
) -> None:
    batch = accepted(store, 2)
    store.release(batch.id, 1, 1)
    [job_id] = finish_all(job_store)
    store.settle(batch.id, 10)
    store.settle(batch.id, 10)
    assert job_store.erase(job_id, "shop")
    store.settle(batch.id, 10)

    after = shown(store, batch)
    assert (after.succeeded, after.cancelled, after.counts.held) == (1, 0, 1)


def test_an_item_that_was_erased_alone_counts_as_cancelled(
    store: BatchStore, job_store: JobStore
) -> None:
    batch = accepted(store, 1)
    [job_id] = store.release(batch.id, 1, 1)
    assert job_store.erase(job_id, "shop")

    store.settle(batch.id, 10)

    after = shown(store, batch)
    assert (after.status, after.cancelled) == (BatchStatus.COMPLETED, 1)


def test_cancelling_keeps_what_is_done_and_what_runs_and_begins_nothing_more(
    store: BatchStore, job_store: JobStore
) -> None:
    batch = accepted(store, 5)
    store.release(batch.id, 3, 3)
    done = job_store.claim(Queue.BULK, "worker")
    assert done is not None
    assert job_store.complete(done.lease, {})
    running = job_store.claim(Queue.BULK, "worker")
    assert running is not None

    cancelled = store.cancel(batch.id, "shop")

    assert cancelled is not None
    assert cancelled.status is BatchStatus.CANCELLING
    assert store.release(batch.id, 5, 5) == []
    assert store.cancel_held(batch.id, 1) == 1
    assert store.cancel_held(batch.id, 10) == 1
    store.settle(batch.id, 10)
    assert job_store.claim(Queue.BULK, "worker") is None
    assert job_store.complete(running.lease, {})
    store.settle(batch.id, 10)
    after = shown(store, batch)
    assert (after.status, after.succeeded, after.cancelled) == (BatchStatus.CANCELLED, 2, 3)
    assert outcomes(store, batch) == [Outcome.SUCCEEDED] * 2 + [Outcome.CANCELLED] * 3


def test_a_batch_that_has_ended_cannot_be_cancelled(store: BatchStore, job_store: JobStore) -> None:
    batch = accepted(store, 1)
    store.release(batch.id, 1, 1)
    finish_all(job_store)
    store.settle(batch.id, 10)

    after = store.cancel(batch.id, "shop")

    assert after is not None
    assert after.status is BatchStatus.COMPLETED


def test_an_upload_that_is_another_job_already_fails_its_item_alone(
    store: BatchStore, job_store: JobStore
) -> None:
    items = new_items(3)
    other, same = items[0].job, items[1].job
    assert job_store.create(new_job(id=other.id, fingerprint="e" * 64))
    assert job_store.create(new_job(id=same.id, fingerprint=same.fingerprint))
    batch = accepted(store, items)

    assert store.release(batch.id, 3, 3) == [items[2].job.id]

    first, second, _ = items_of(store, batch)
    assert (first.outcome, first.error_code) == (
        Outcome.FAILED,
        ErrorCode.ERROR_CONTENT_NON_COMPLIANCE,
    )
    assert second.outcome is None
    assert shown(store, batch).open == 2


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_the_end_of_a_batch_is_owed_to_its_callback_with_that_very_end(
    store: BatchStore,
    job_store: JobStore,
    database: Database,
    clock: HandClock,
    is_cancelled: bool,
) -> None:
    batch = accepted(store, 1, callback_url="https://shop.example/hook")
    if is_cancelled:
        store.cancel(batch.id, "shop")
        store.cancel_held(batch.id, 10)
    else:
        store.release(batch.id, 1, 1)
        finish_all(job_store)
    store.settle(batch.id, 10)

    [delivery] = Deliveries(database, clock).take(10)

    assert delivery.job_id == batch.id
    assert delivery.event == ("batch.cancelled" if is_cancelled else "batch.completed")


def test_an_ended_batch_expires_after_a_day_and_is_forgotten_long_after_that(
    store: BatchStore, job_store: JobStore, database: Database, clock: HandClock
) -> None:
    batch = accepted(store, 1, key="key", callback_url="https://shop.example/hook")
    store.release(batch.id, 1, 1)
    finish_all(job_store)
    store.settle(batch.id, 10)
    clock.advance(days=1)
    assert shown(store, batch).seen_as is BatchStatus.EXPIRED

    assert store.expire(7 * DAY, 10) == 1
    assert shown(store, batch).status is BatchStatus.EXPIRED
    assert store.find_by_idempotency_key("key", "shop") is None
    assert store.forget_expired(10) == 0
    clock.advance(days=7)
    assert store.forget_expired(10) == 1
    assert store.find(batch.id, "shop") is None
    while store.delete_some(10):
        pass
    assert count_rows(database) == (0, 0)
    assert Deliveries(database, clock).find(batch.id) is None


def test_batches_are_listed_newest_first_and_page_by_page(
    store: BatchStore, clock: HandClock
) -> None:
    made = []
    for _ in range(5):
        made.append(accepted(store, 1).id)
        clock.advance(seconds=1)
    accepted(store, 1, tenant="other")

    first = store.list_batches("shop", 3)
    rest = store.list_batches("shop", 3, Bookmark(first[-1].accepted_at, first[-1].id))

    assert [batch.id for batch in first + rest] == made[::-1]


def test_those_at_work_come_by_tenant_the_oldest_first(store: BatchStore, clock: HandClock) -> None:
    expected = []
    for tenant in ("b", "a", "b"):
        batch = accepted(store, 1, tenant=tenant)
        expected.append((tenant, batch.accepted_at, batch.id))
        clock.advance(seconds=1)

    assert [batch.id for batch in store.list_at_work(10)] == [it[2] for it in sorted(expected)]
    assert (store.count_at_work("b", 10), store.count_at_work("b", 1)) == (2, 1)


def test_another_tenants_job_is_claimed_before_the_second_of_a_batch(
    store: BatchStore, job_store: JobStore
) -> None:
    batch = accepted(store, 100)
    released = store.release(batch.id, 100, 100)
    single = job_store.create(new_job(tenant="other", queue=Queue.BULK))
    assert single is not None

    claimed = [job_store.claim(Queue.BULK, "worker") for _ in range(2)]

    assert [job.id for job in claimed if job] == [released[0], single.id]
