"""A job's life, on every database. Every transition that is not allowed is tried, too."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from shared.errors import ErrorCode
from shared.job import TRANSITIONS, CutoutOptions, Job, JobStatus, Queue
from shared.jobs.store import ATTEMPTS_SPENT, JobStore
from shared.sql.database import Database
from shared.sql.tables import jobs as job_table
from shared.wire.contract import RESULT_LIFETIME, Category, OutMode, ReturnForm
from tests.clock import HandClock
from tests.conformance.conftest import LIMITS
from tests.factories import new_job, publish

SECOND = timedelta(seconds=1)
HOLD = timedelta(minutes=1)


def stored(store: JobStore, **changes: object) -> Job:
    job = store.create(new_job(**changes))
    assert job is not None
    return job


def claimed(store: JobStore, job: Job | None = None) -> Job:
    """Claim a job, a new one unless one is given, which must be the one whose turn it is."""
    wanted = job or stored(store)
    claimed = store.claim(wanted.queue, "worker-1")
    assert claimed is not None
    assert claimed.id == wanted.id
    return claimed


def rescued(store: JobStore, clock: HandClock, job: Job) -> Job:
    """Let a lease run out, and publish the job again as the sweeper does."""
    clock.advance(seconds=31)
    store.rescue(10)
    publish(store)
    return job


def reread(store: JobStore, job: Job) -> Job:
    found = store.find(job.id, job.tenant)
    assert found is not None
    return found


def test_a_stored_job_is_found_as_it_was_described(job_store: JobStore) -> None:
    options = CutoutOptions(
        cloth_class=(Category.HAT, Category.TOPS),
        return_form=ReturnForm.WHITE,
        out_mode=OutMode.REQUESTED_CATEGORIES,
    )

    job = stored(job_store, options=options, queue=Queue.BULK, input_bytes=77)

    found = reread(job_store, job)
    assert found == job
    assert found.status is JobStatus.QUEUED
    assert found.options == options
    assert (found.attempt, found.input_bytes, found.queue) == (0, 77, Queue.BULK)
    assert found.created_at.utcoffset() == timedelta(0)


def test_another_tenants_job_is_as_unknown_as_one_that_never_was(job_store: JobStore) -> None:
    job = stored(job_store)

    assert job_store.find(job.id, "somebody else") is None
    assert job_store.find(uuid.uuid4(), job.tenant) is None


def test_one_idempotency_key_makes_one_job_a_tenant(job_store: JobStore) -> None:
    job = stored(job_store, idempotency_key="order-1")

    assert job_store.create(new_job(idempotency_key="order-1")) is None
    assert job_store.create(new_job(idempotency_key="order-1", tenant="other")) is not None
    found = job_store.find_by_idempotency_key("order-1", job.tenant)
    assert found is not None
    assert found.id == job.id


def test_a_claim_counts_the_attempt_and_is_refused_to_a_second_worker(job_store: JobStore) -> None:
    job = claimed(job_store)

    assert (job.status, job.attempt) == (JobStatus.PROCESSING, 1)
    assert job_store.claim(job.queue, "worker-2") is None


def test_an_empty_queue_has_nothing_to_claim(job_store: JobStore) -> None:
    stored(job_store, queue=Queue.BULK)

    assert job_store.claim(Queue.INTERACTIVE, "worker-1") is None


def test_many_workers_claim_at_once_and_none_gets_anothers_job(job_store: JobStore) -> None:
    for _ in range(4):
        stored(job_store)

    with ThreadPoolExecutor(8) as workers:
        claims = list(
            workers.map(lambda n: job_store.claim(Queue.INTERACTIVE, f"worker-{n}"), range(8))
        )

    got = [claim.id for claim in claims if claim is not None]
    assert len(got) == len(set(got)) == 4


def test_a_tenants_jobs_run_in_the_order_in_which_they_came(
    job_store: JobStore, clock: HandClock
) -> None:
    jobs = []
    for _ in range(3):
        jobs.append(stored(job_store))
        clock.advance(seconds=1)

    for job in jobs:
        claimed(job_store, job)


def test_a_bulk_import_lets_another_tenants_single_job_through(
    job_store: JobStore, clock: HandClock
) -> None:
    bulk = [stored(job_store, tenant="importer", queue=Queue.BULK) for _ in range(50)]
    for job in bulk[:20]:
        claimed(job_store, job)
    clock.advance(seconds=1)

    single = stored(job_store, tenant="boutique", queue=Queue.BULK)

    claimed(job_store, bulk[20])
    claimed(job_store, single)
    claimed(job_store, bulk[21])


def test_two_tenants_with_long_queues_take_turns(job_store: JobStore, clock: HandClock) -> None:
    for tenant in ("first", "second"):
        for _ in range(3):
            stored(job_store, tenant=tenant)
        clock.advance(seconds=1)

    claims = [job_store.claim(Queue.INTERACTIVE, "worker-1") for _ in range(6)]

    assert [job.tenant for job in claims if job] == ["first", "second"] * 3


def test_a_tenant_that_comes_late_does_not_make_the_others_wait_for_its_past(
    job_store: JobStore, clock: HandClock
) -> None:
    early = [stored(job_store, tenant="early") for _ in range(5)]
    for job in early[:4]:
        claimed(job_store, job)
    clock.advance(seconds=1)
    for _ in range(3):
        stored(job_store, tenant="late")

    claimed(job_store, early[4])


def test_a_lease_that_ran_out_lets_another_worker_claim(
    job_store: JobStore, clock: HandClock
) -> None:
    first = claimed(job_store)

    second = claimed(job_store, rescued(job_store, clock, first))

    assert second.attempt == 2


def test_a_heartbeat_keeps_the_lease(job_store: JobStore, clock: HandClock) -> None:
    job = claimed(job_store)
    clock.advance(seconds=20)
    assert job_store.extend(job.lease)
    clock.advance(seconds=20)

    assert job_store.rescue(10) == []


def test_a_completed_job_is_readable_for_24_hours(job_store: JobStore, clock: HandClock) -> None:
    job = claimed(job_store)

    assert job_store.complete(job.lease, {Category.TOPS: True, Category.HAT: False})

    done = reread(job_store, job)
    assert done.status is JobStatus.SUCCEEDED
    assert done.shown == {Category.TOPS: True, Category.HAT: False}
    assert done.remaining == RESULT_LIFETIME
    clock.now += RESULT_LIFETIME - SECOND
    assert not reread(job_store, job).is_expired
    clock.now += SECOND
    assert reread(job_store, job).is_expired


def test_completing_twice_is_fine_since_the_first_answer_may_have_been_lost(
    job_store: JobStore, clock: HandClock
) -> None:
    job = claimed(job_store)
    job_store.complete(job.lease, {})
    clock.advance(seconds=5)

    assert job_store.complete(job.lease, {})

    assert reread(job_store, job).finished_at == job.started_at


def test_failing_at_the_last_attempt_twice_is_fine_since_the_first_answer_may_have_been_lost(
    job_store: JobStore,
) -> None:
    job = claimed(job_store)

    def retry() -> JobStatus | None:
        return job_store.retry(job.lease, timedelta(0), ErrorCode.PROCESSING_FAILURE, "spent")

    while retry() is JobStatus.QUEUED:
        publish(job_store)
        again = job_store.claim(job.queue, "worker")
        assert again
        job = again

    assert retry() is JobStatus.FAILED


@pytest.mark.parametrize(
    "write",
    [
        lambda store, lease: store.complete(lease, {}),
        lambda store, lease: store.fail(lease, ErrorCode.FILE_DECODING_FAILURE, "late"),
        lambda store, lease: store.retry(lease, SECOND, ErrorCode.PROCESSING_FAILURE, "late"),
        lambda store, lease: store.release(lease),
        lambda store, lease: store.extend(lease),
    ],
    ids=["complete", "fail", "retry", "release", "extend"],
)
def test_a_worker_that_lost_its_lease_changes_nothing(
    job_store: JobStore, clock: HandClock, write: Callable[..., object]
) -> None:
    paused = claimed(job_store)
    claimed(job_store, rescued(job_store, clock, paused))
    before = reread(job_store, paused)

    assert not write(job_store, paused.lease)

    assert reread(job_store, paused) == before


def test_a_failure_keeps_its_code_and_message(job_store: JobStore) -> None:
    job = claimed(job_store)

    assert job_store.fail(job.lease, ErrorCode.FILE_DECODING_FAILURE, "Send the photo again.")

    failed = reread(job_store, job)
    assert failed.status is JobStatus.FAILED
    assert failed.error_code is ErrorCode.FILE_DECODING_FAILURE
    assert failed.error_message == "Send the photo again."


def test_a_retried_job_waits_for_its_back_off(job_store: JobStore, clock: HandClock) -> None:
    job = claimed(job_store)

    status = job_store.retry(job.lease, 4 * SECOND, ErrorCode.PROCESSING_FAILURE, ATTEMPTS_SPENT)

    assert status is JobStatus.QUEUED
    assert publish(job_store) == []
    assert job_store.claim(job.queue, "worker-1") is None
    clock.advance(seconds=4)
    assert publish(job_store) == [job.id]
    assert claimed(job_store, job).attempt == 2


def test_the_third_attempt_is_the_last(job_store: JobStore) -> None:
    job = stored(job_store)
    statuses = []
    for _ in range(LIMITS.max_attempts):
        lease = claimed(job_store, job).lease
        statuses.append(
            job_store.retry(lease, 0 * SECOND, ErrorCode.PROCESSING_FAILURE, ATTEMPTS_SPENT)
        )
        publish(job_store)

    assert statuses == [JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.FAILED]
    assert reread(job_store, job).error_code is ErrorCode.PROCESSING_FAILURE
    assert job_store.claim(job.queue, "worker-1") is None


def test_a_released_attempt_is_not_counted_but_its_number_is_not_used_again(
    job_store: JobStore,
) -> None:
    job = stored(job_store)
    for _ in range(5):
        assert job_store.release(claimed(job_store, job).lease)
        publish(job_store)

    again = claimed(job_store, job)

    assert again.attempt == 6
    assert again.attempt - again.releases == 1


def test_the_sweeper_rescues_a_dead_workers_job(job_store: JobStore, clock: HandClock) -> None:
    dead, alive = claimed(job_store), claimed(job_store)
    clock.advance(seconds=29)
    job_store.extend(alive.lease)
    clock.advance(seconds=2)

    rescued = job_store.rescue(10)

    assert [(job.id, job.status) for job in rescued] == [(dead.id, JobStatus.QUEUED)]
    publish(job_store)
    assert claimed(job_store, dead).attempt == 2


def test_a_job_that_kills_every_worker_fails_in_the_end(
    job_store: JobStore, clock: HandClock
) -> None:
    job = stored(job_store)
    for _ in range(LIMITS.max_attempts):
        rescued(job_store, clock, claimed(job_store, job))

    poisoned = reread(job_store, job)
    assert poisoned.status is JobStatus.FAILED
    assert poisoned.error_code is ErrorCode.PROCESSING_FAILURE
    assert poisoned.error_message == ATTEMPTS_SPENT


def test_only_an_attempt_that_was_cut_off_counts_as_one(
    job_store: JobStore, clock: HandClock
) -> None:
    job = claimed(job_store)
    job_store.retry(job.lease, 0 * SECOND, ErrorCode.PROCESSING_FAILURE, ATTEMPTS_SPENT)
    publish(job_store)
    job_store.release(claimed(job_store, job).lease)
    publish(job_store)
    third = claimed(job_store, job)
    assert third.cut_offs == 0

    rescued(job_store, clock, third)

    assert reread(job_store, job).cut_offs == 1


def test_two_sweepers_at_once_rescue_each_job_once(job_store: JobStore, clock: HandClock) -> None:
    for _ in range(20):
        claimed(job_store)
    clock.advance(seconds=31)

    with ThreadPoolExecutor(4) as sweepers:
        rescued = [job.id for some in sweepers.map(job_store.rescue, [20] * 4) for job in some]

    assert len(rescued) == len(set(rescued)) == 20


def test_each_sweep_is_bounded(job_store: JobStore, clock: HandClock) -> None:
    for _ in range(5):
        claimed(job_store)
    clock.advance(seconds=31)

    assert len(job_store.rescue(3)) == 3
    assert len(job_store.rescue(3)) == 2


def test_a_job_that_waits_past_the_deadline_fails(job_store: JobStore, clock: HandClock) -> None:
    job = stored(job_store)
    clock.now += LIMITS.deadline - SECOND
    assert job_store.fail_late(10) == []
    clock.now += SECOND

    [late] = job_store.fail_late(10)

    assert (late.id, late.error_code) == (job.id, ErrorCode.AI_SERVICE_TIMEOUT)


def test_a_job_whose_message_did_not_reach_the_broker_is_due_at_once(job_store: JobStore) -> None:
    job = stored(job_store)

    assert publish(job_store) == []
    job_store.mark_unpublished([job.id])
    assert publish(job_store) == [job.id]
    assert publish(job_store) == []


def test_what_one_sweeper_takes_to_publish_no_other_one_gets(
    job_store: JobStore, clock: HandClock
) -> None:
    waiting = [stored(job_store).id for _ in range(20)]
    job_store.mark_unpublished(waiting[:10])
    clock.advance(seconds=10)

    with ThreadPoolExecutor(4) as sweepers:
        takes = sweepers.map(
            lambda _: job_store.take_for_publishing(Queue.INTERACTIVE, 10 * SECOND, 20), range(4)
        )
        taken = [job_id for some in takes for job_id in some]

    assert sorted(taken) == sorted(waiting)


def test_only_what_counts_as_published_is_claimed_so_that_messages_and_jobs_match(
    job_store: JobStore, clock: HandClock
) -> None:
    silent = stored(job_store)
    job_store.mark_unpublished([silent.id])
    clock.advance(seconds=1)

    claimed(job_store, stored(job_store))

    assert job_store.claim(silent.queue, "worker-1") is None


def test_a_published_job_that_nobody_took_is_due_again(
    job_store: JobStore, clock: HandClock
) -> None:
    job = stored(job_store)
    clock.advance(seconds=9)
    assert job_store.take_for_publishing(job.queue, 10 * SECOND, 10) == []
    clock.advance(seconds=1)

    assert job_store.take_for_publishing(Queue.BULK, 10 * SECOND, 10) == []
    assert job_store.take_for_publishing(job.queue, 10 * SECOND, 10) == [job.id]


def test_only_published_jobs_that_wait_are_counted(job_store: JobStore) -> None:
    first, _second = stored(job_store), stored(job_store)
    job_store.mark_unpublished([stored(job_store).id])
    claimed(job_store, first)

    assert job_store.count_queued(Queue.INTERACTIVE, 100) == 1
    assert job_store.count_queued(Queue.BULK, 100) == 0


def test_a_job_expires_after_24_hours_and_gives_its_key_free(
    job_store: JobStore, clock: HandClock
) -> None:
    job = claimed(job_store, stored(job_store, idempotency_key="order-1"))
    job_store.complete(job.lease, {})
    assert job_store.take_for_expiry(10, HOLD) == []
    assert job_store.expire([job.id]) == 0
    clock.now += RESULT_LIFETIME

    assert [due.id for due in job_store.take_for_expiry(10, HOLD)] == [job.id]
    assert job_store.expire([job.id]) == 1

    assert reread(job_store, job).status is JobStatus.EXPIRED
    assert stored(job_store, idempotency_key="order-1").id != job.id


def test_what_one_sweeper_takes_no_other_one_gets_until_it_should_be_done(
    job_store: JobStore, clock: HandClock
) -> None:
    for _ in range(20):
        job_store.complete(claimed(job_store).lease, {})
    clock.now += RESULT_LIFETIME

    with ThreadPoolExecutor(4) as sweepers:
        takes = sweepers.map(lambda _: job_store.take_for_expiry(5, HOLD), range(4))
        taken = [job.id for some in takes for job in some]

    # Of those that try for the same rows some may get none.
    assert len(taken) == len(set(taken)) > 0
    while more := job_store.take_for_expiry(5, HOLD):
        taken += [job.id for job in more]
    assert len(taken) == len(set(taken)) == 20
    clock.now += HOLD
    assert len(job_store.take_for_expiry(50, HOLD)) == 20


def test_a_job_that_could_not_be_deleted_waits_behind_all_others(
    job_store: JobStore, clock: HandClock
) -> None:
    jobs = []
    for _ in range(3):
        jobs.append(claimed(job_store))
        job_store.complete(jobs[-1].lease, {})
        clock.advance(seconds=1)
    clock.now += RESULT_LIFETIME
    [stubborn] = job_store.take_for_expiry(1, HOLD)
    assert stubborn.id == jobs[0].id

    job_store.postpone_expiry([stubborn.id], 10 * HOLD)

    others = {job.id for job in jobs[1:]}
    assert {job.id for job in job_store.take_for_expiry(10, HOLD)} == others
    clock.now += 10 * HOLD
    assert {job.id for job in job_store.take_for_expiry(2, HOLD)} == others
    assert [job.id for job in job_store.take_for_expiry(2, HOLD)] == [stubborn.id]


def test_a_job_that_the_release_before_has_finished_expires_in_time(
    database: Database, job_store: JobStore, clock: HandClock
) -> None:
    """That release leaves `not_before` as it was."""
    job = claimed(job_store)
    job_store.complete(job.lease, {})
    with database.writing() as connection:
        connection.execute(update(job_table).values(not_before=clock.now))

    assert job_store.take_for_expiry(10, HOLD) == []
    clock.now += RESULT_LIFETIME - SECOND
    assert job_store.take_for_expiry(10, HOLD) == []
    clock.now += SECOND
    assert [due.id for due in job_store.take_for_expiry(10, HOLD)] == [job.id]


def after_an_upgrade(database: Database, store: JobStore, clock: HandClock) -> list[Job]:
    """Make two jobs that are due, and many before them that the release before has finished and that are not."""
    due, early = [claimed(store) for _ in range(2)], [claimed(store) for _ in range(7)]
    for job in due:
        store.complete(job.lease, {})
    clock.now += RESULT_LIFETIME
    for job in early:
        store.complete(job.lease, {})
    with database.writing() as connection:
        those = job_table.c.id.in_([job.id for job in early])
        connection.execute(update(job_table).where(those).values(not_before=early[0].created_at))
    return due


def test_jobs_that_the_release_before_has_finished_do_not_hold_up_what_is_due(
    database: Database, job_store: JobStore, clock: HandClock
) -> None:
    """After an upgrade they may be a million, and all come first."""
    due = after_an_upgrade(database, job_store, clock)

    taken = job_store.take_for_expiry(2, HOLD)

    assert {job.id for job in taken} == {job.id for job in due}


def test_they_are_not_looked_through_for_ever(
    database: Database, job_store: JobStore, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_an_upgrade(database, job_store, clock)
    monkeypatch.setattr("shared.jobs.sweeping._LONGEST_SECONDS", 0)

    assert [len(job_store.take_for_expiry(2, HOLD)) for _ in range(5)] == [0, 0, 0, 1, 1]


def test_an_expired_job_is_forgotten_later(job_store: JobStore, clock: HandClock) -> None:
    job = claimed(job_store)
    job_store.complete(job.lease, {})
    clock.now += RESULT_LIFETIME
    job_store.expire([job.id])

    assert job_store.prune(timedelta(days=7), 10) == 0
    clock.advance(days=7)
    assert job_store.prune(timedelta(days=7), 10) == 1
    assert job_store.find(job.id, job.tenant) is None


def _in_status(store: JobStore, clock: HandClock, status: JobStatus) -> Job:
    job = stored(store)
    if status is JobStatus.QUEUED:
        return job
    job = claimed(store, job)
    if status is JobStatus.SUCCEEDED:
        store.complete(job.lease, {})
    elif status is JobStatus.FAILED:
        store.fail(job.lease, ErrorCode.FILE_DECODING_FAILURE, "")
    elif status is JobStatus.CANCELLED:
        store.erase(job.id, job.tenant)
    elif status is JobStatus.EXPIRED:
        store.complete(job.lease, {})
        clock.now += RESULT_LIFETIME
        store.expire([job.id])
    return reread(store, job)


_MOVES: dict[JobStatus, Callable[[JobStore, Job], object]] = {
    JobStatus.QUEUED: lambda store, job: store.release(job.lease),
    JobStatus.PROCESSING: lambda store, job: store.claim(job.queue, "worker-2"),
    JobStatus.SUCCEEDED: lambda store, job: store.complete(job.lease, {}),
    JobStatus.FAILED: lambda store, job: store.fail(job.lease, ErrorCode.UNKNOWN_ERROR, ""),
    JobStatus.CANCELLED: lambda store, job: store.erase(job.id, job.tenant),
    JobStatus.EXPIRED: lambda store, job: store.expire([job.id]),
}


@pytest.mark.parametrize("start", list(JobStatus))
@pytest.mark.parametrize("end", list(JobStatus))
def test_no_transition_happens_that_the_life_does_not_name(
    job_store: JobStore, clock: HandClock, start: JobStatus, end: JobStatus
) -> None:
    job = _in_status(job_store, clock, start)

    _MOVES[end](job_store, job)

    now = reread(job_store, job).status
    assert now is start or now in TRANSITIONS[start]


URL = "https://cdn.example.com/a.jpg?signature=secret"


def test_where_a_photo_is_fetched_is_kept_until_the_job_ends_in_whatever_way(
    job_store: JobStore, clock: HandClock
) -> None:
    ids = [stored(job_store, image_url=URL).id for _ in range(6)]
    claims = [job_store.claim(Queue.INTERACTIVE, "me") for _ in range(4)]
    done, failed, retried, rescued = (job for job in claims if job)

    assert {job.image_url for job in (done, failed, retried, rescued)} == {URL}
    assert job_store.complete(done.lease, {})
    assert job_store.fail(failed.lease, ErrorCode.IMAGE_URL_TIMEOUT, "no")
    assert job_store.retry(retried.lease, timedelta(0), ErrorCode.IMAGE_URL_TIMEOUT, "no")
    clock.advance(seconds=31)
    assert [job.id for job in job_store.rescue(10)] == [rescued.id]
    assert job_store.erase(ids[-1], "shop")

    left = [job_store.find(job_id, "shop") for job_id in ids]
    assert [job.image_url for job in left if job] == [None, None, URL, URL, URL, None]
    clock.advance(hours=2)
    job_store.fail_late(10)
    left = [job_store.find(job_id, "shop") for job_id in ids]
    assert [job.image_url for job in left if job] == [None] * 6
