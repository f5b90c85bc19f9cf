"""What is owed for a job's end is stored with that end, on each database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from shared.errors import ErrorCode
from shared.job import Job, Queue
from shared.jobs.store import JobStore
from shared.sql.database import Database
from shared.sql.tables import webhook_deliveries
from shared.webhooks.deliveries import LEASE, Deliveries
from shared.webhooks.delivery import Delivery
from tests.clock import HandClock
from tests.conformance.conftest import LIMITS
from tests.factories import new_job

URL = "https://shop.example/hook?key=secret"
MINUTE = timedelta(minutes=1)
CODE = ErrorCode.PROCESSING_FAILURE


@pytest.fixture
def deliveries(database: Database, clock: HandClock) -> Deliveries:
    return Deliveries(database, clock)


def submitted(store: JobStore, url: str | None = URL) -> Job:
    job = store.create(new_job(callback_url=url))
    assert job is not None
    return job


def claimed(store: JobStore, url: str | None = URL) -> Job:
    submitted(store, url)
    job = store.claim(Queue.INTERACTIVE, "worker")
    assert job is not None
    return job


def ended(store: JobStore, url: str = URL) -> Job:
    job = claimed(store, url)
    assert store.complete(job.lease, {})
    return job


def events_of(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(select(webhook_deliveries.c.event)).scalars())


def test_a_success_is_owed(job_store: JobStore, deliveries: Deliveries) -> None:
    job = ended(job_store)

    assert deliveries.take(10) == [
        Delivery(
            job_id=job.id,
            tenant="shop",
            url=URL,
            host="shop.example",
            event="job.succeeded",
            tries=0,
        )
    ]


def test_each_way_to_fail_is_owed(
    job_store: JobStore, database: Database, clock: HandClock
) -> None:
    assert job_store.fail(claimed(job_store).lease, CODE, "no")
    again = claimed(job_store)
    for _ in range(LIMITS.max_attempts):
        job_store.retry(again.lease, timedelta(0), CODE, "no")
        job_store.take_for_publishing(Queue.INTERACTIVE, timedelta.max, 10)
        again = job_store.claim(Queue.INTERACTIVE, "worker") or again
    lost = claimed(job_store)
    for _ in range(LIMITS.max_attempts):
        clock.advance(seconds=LIMITS.lease.total_seconds())
        job_store.rescue(10)
        job_store.take_for_publishing(Queue.INTERACTIVE, timedelta.max, 10)
        lost = job_store.claim(Queue.INTERACTIVE, "worker") or lost
    submitted(job_store)
    clock.advance(seconds=LIMITS.deadline.total_seconds())
    job_store.fail_late(10)

    assert events_of(database) == ["job.failed"] * 4


def test_a_job_that_is_withdrawn_before_its_end_is_owed(
    job_store: JobStore, database: Database
) -> None:
    job = submitted(job_store)

    assert job_store.erase(job.id, job.tenant)
    assert not job_store.erase(job.id, job.tenant)

    assert events_of(database) == ["job.cancelled"]


def test_one_that_is_withdrawn_after_its_end_is_owed_once(
    job_store: JobStore, database: Database
) -> None:
    job = ended(job_store)

    assert job_store.erase(job.id, job.tenant)

    assert events_of(database) == ["job.succeeded"]


def test_nothing_is_owed_without_a_url_or_to_an_attempt_that_lost_its_lease(
    job_store: JobStore, database: Database, clock: HandClock
) -> None:
    assert job_store.complete(claimed(job_store, None).lease, {})
    late = claimed(job_store)
    clock.advance(seconds=LIMITS.lease.total_seconds())
    job_store.rescue(10)
    assert not job_store.complete(late.lease, {})

    assert events_of(database) == []


def test_a_delivery_is_one_senders_until_its_lease_is_over(
    job_store: JobStore, deliveries: Deliveries, clock: HandClock
) -> None:
    ended(job_store)
    first = deliveries.take(10)

    assert deliveries.take(10) == []
    clock.advance(seconds=LEASE.total_seconds())

    assert deliveries.take(10) == first != []


def test_of_each_host_the_first_one_is_taken_those_that_waited_longest_first(
    job_store: JobStore, deliveries: Deliveries, clock: HandClock
) -> None:
    urls = [f"https://{host}.example/{n}" for host in "cab" for n in range(2)]
    for url in urls:
        ended(job_store, url)
        clock.advance(seconds=1)

    taken = deliveries.take(2, busy=["a.example"])

    assert [it.url for it in taken] == ["https://c.example/0", "https://b.example/0"]
    assert [it.url for it in deliveries.take(10)] == [
        "https://c.example/1",
        "https://a.example/0",
        "https://b.example/1",
    ]
    assert [it.url for it in deliveries.take(10)] == ["https://a.example/1"]


def test_what_arrived_is_not_taken_again(
    job_store: JobStore, deliveries: Deliveries, clock: HandClock
) -> None:
    ended(job_store)
    deliveries.deliver(deliveries.take(1)[0], 204)
    clock.advance(days=9)

    assert deliveries.take(1) == []


def test_a_failed_try_counts_once_and_is_followed_by_the_next(
    job_store: JobStore, deliveries: Deliveries, clock: HandClock
) -> None:
    ended(job_store)
    first = deliveries.take(1)[0]
    for delay in (MINUTE, 99 * MINUTE):
        deliveries.postpone(first, delay, 500, "it answered 500")

    clock.advance(seconds=59)
    assert deliveries.take(1) == []
    clock.advance(seconds=1)
    assert [it.tries for it in deliveries.take(1)] == [1]


def test_what_was_given_up_is_not_taken_again_nor_given_up_by_a_late_sender(
    job_store: JobStore, deliveries: Deliveries, clock: HandClock
) -> None:
    ended(job_store)
    late = deliveries.take(1)[0]
    deliveries.postpone(late, timedelta(0), None, "no answer")
    deliveries.give_up(late, None, "no answer")
    again = deliveries.take(1)
    assert again

    deliveries.give_up(again[0], 410, "gone")
    clock.advance(days=9)

    assert deliveries.take(1) == []


def test_deliveries_are_forgotten_with_their_jobs(
    job_store: JobStore, database: Database, clock: HandClock
) -> None:
    job = ended(job_store)
    clock.advance(days=1)
    assert job_store.expire([job.id])

    assert job_store.prune(timedelta(0), 10) == 1

    assert events_of(database) == []


def test_others_of_the_tenant_that_wait_for_the_same_url_are_switched_off(
    job_store: JobStore, deliveries: Deliveries
) -> None:
    gone, same = ended(job_store), ended(job_store)
    other = ended(job_store, f"{URL}&other")
    [delivery] = deliveries.take(1)
    [left] = {gone.id, same.id} - {delivery.job_id}

    deliveries.give_up(delivery, 410, "gone")
    assert deliveries.switch_off(delivery, "gone for all") == 1

    states = [record.state for it in (left, other.id) if (record := deliveries.find(it))]
    assert states == ["failed", "pending"]
