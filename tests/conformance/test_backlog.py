"""How many jobs wait, and how fast they are worked off, on every database."""

from __future__ import annotations

from datetime import timedelta

from shared.errors import ErrorCode
from shared.job import Job, Queue
from shared.jobs.backlog import LATELY, Backlog
from shared.jobs.store import JobStore
from tests.clock import HandClock
from tests.conformance.conftest import LIMITS
from tests.factories import new_job


def store_jobs(store: JobStore, count: int, tenant: str = "shop") -> None:
    for _ in range(count):
        store.create(new_job(tenant=tenant))


def claim(store: JobStore) -> Job:
    job = store.claim(Queue.INTERACTIVE, "worker-1")
    assert job is not None
    return job


def test_an_empty_table_has_no_backlog(job_store: JobStore) -> None:
    nothing = Backlog(queued=0, oldest_age=timedelta(0), finished_lately=0)

    assert job_store.measure_backlog("shop", 100) == job_store.measure_backlog(None, 100) == nothing


def test_waiting_jobs_are_counted_by_tenant_and_together(job_store: JobStore) -> None:
    store_jobs(job_store, 3)
    store_jobs(job_store, 2, tenant="rival")
    job_store.create(new_job(queue=Queue.BULK))

    measured = [job_store.measure_backlog(tenant, 100).queued for tenant in ("shop", "rival", None)]

    assert measured == [4, 2, 6]


def test_counting_ends_where_it_was_told_to(job_store: JobStore) -> None:
    store_jobs(job_store, 5)
    store_jobs(job_store, 1, tenant="rival")

    assert job_store.measure_backlog("shop", 3).queued == 3
    assert job_store.measure_backlog(None, 6).queued == 6
    assert job_store.measure_backlog("rival", 3).queued == 1


def test_a_job_that_is_worked_on_does_not_wait(job_store: JobStore) -> None:
    store_jobs(job_store, 2)
    claim(job_store)

    assert job_store.measure_backlog("shop", 100).queued == 1


def test_the_age_is_that_of_the_oldest_that_waits(job_store: JobStore, clock: HandClock) -> None:
    store_jobs(job_store, 1, tenant="rival")
    clock.advance(seconds=10)
    store_jobs(job_store, 1)
    clock.advance(seconds=7)

    assert job_store.measure_backlog("shop", 100).oldest_age == timedelta(seconds=7)
    assert job_store.measure_backlog(None, 100).oldest_age == timedelta(seconds=17)


def test_what_workers_finished_lately_is_the_pace(job_store: JobStore, clock: HandClock) -> None:
    store_jobs(job_store, 3)
    job_store.complete(claim(job_store).lease, {})
    clock.now += LATELY
    job_store.complete(claim(job_store).lease, {})
    job_store.fail(claim(job_store).lease, ErrorCode.FILE_DECODING_FAILURE, "Send another photo.")

    assert job_store.measure_backlog("shop", 100).finished_lately == 2
    assert job_store.measure_backlog("rival", 100).finished_lately == 0
    assert job_store.measure_backlog(None, 100).finished_lately == 2
    clock.now += LATELY
    assert job_store.measure_backlog(None, 100).finished_lately == 0


MINUTE = timedelta(minutes=1)


def test_jobs_that_wait_and_that_nobody_takes_are_stalled(
    job_store: JobStore, clock: HandClock
) -> None:
    assert not job_store.is_stalled(MINUTE)
    store_jobs(job_store, 2)

    assert not job_store.is_stalled(MINUTE)
    clock.now += MINUTE
    assert job_store.is_stalled(MINUTE)


def test_jobs_are_not_stalled_as_long_as_one_is_worked_on_or_was_finished_lately(
    job_store: JobStore, clock: HandClock
) -> None:
    store_jobs(job_store, 2)
    clock.now += 2 * MINUTE

    job = claim(job_store)
    assert not job_store.is_stalled(MINUTE)
    job_store.complete(job.lease, {})
    assert not job_store.is_stalled(MINUTE)

    clock.now += MINUTE
    assert job_store.is_stalled(MINUTE)


def test_a_job_is_stalled_after_just_that_time_whoever_worked_before(
    job_store: JobStore, clock: HandClock
) -> None:
    store_jobs(job_store, 1)
    job_store.complete(claim(job_store).lease, {})
    store_jobs(job_store, 1)

    clock.advance(seconds=29)
    assert not job_store.is_stalled(MINUTE / 2)
    clock.advance(seconds=1)
    assert job_store.is_stalled(MINUTE / 2)


def test_who_was_not_heard_of_for_a_whole_lease_takes_no_job(
    job_store: JobStore, clock: HandClock
) -> None:
    """Nobody may have swept meanwhile."""
    store_jobs(job_store, 2)
    lease = claim(job_store).lease

    clock.now += LIMITS.lease / 2
    assert job_store.extend(lease)
    clock.now += LIMITS.lease - timedelta(seconds=1)
    assert not job_store.is_stalled(LIMITS.lease)
    clock.advance(seconds=1)
    assert job_store.is_stalled(LIMITS.lease)


def test_a_job_that_is_to_be_tried_later_is_not_stalled_until_it_is_due(
    job_store: JobStore, clock: HandClock
) -> None:
    store_jobs(job_store, 1)
    job_store.release(claim(job_store).lease, delay=5 * MINUTE)

    clock.now += 5 * MINUTE
    assert not job_store.is_stalled(MINUTE)
    clock.now += MINUTE
    assert job_store.is_stalled(MINUTE)


def test_the_head_of_a_queue_is_in_the_order_of_the_claims(job_store: JobStore) -> None:
    """Tenants take turns, so the second job of one stands behind the first of another."""
    for tenant in ("shop", "shop", "shop", "rival", "rival"):
        assert job_store.create(new_job(tenant=tenant, queue=Queue.BULK))
    assert job_store.create(new_job(queue=Queue.INTERACTIVE))

    head = job_store.read_head(Queue.BULK, 10)

    claimed = [job_store.claim(Queue.BULK, "worker-1") for _ in head]
    assert [job.place for job in claimed if job] == head
    assert len(head) == 5
    assert job_store.read_head(Queue.BULK, 10) == []


def test_the_head_of_a_queue_is_no_longer_than_asked_for(job_store: JobStore) -> None:
    for _ in range(5):
        assert job_store.create(new_job())

    assert len(job_store.read_head(Queue.INTERACTIVE, 3)) == 3
