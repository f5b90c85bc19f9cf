"""What erasing does to a job, on every database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.errors import ErrorCode
from shared.job import Job, JobStatus
from shared.jobs.store import JobStore
from shared.wire.contract import RESULT_LIFETIME, Category
from tests.clock import HandClock
from tests.conformance.conftest import LIMITS
from tests.conformance.test_job_store import claimed, reread, stored

SECOND = timedelta(seconds=1)
HOLD = timedelta(minutes=1)


def test_an_erased_job_is_neither_claimed_nor_finished(job_store: JobStore) -> None:
    running, waiting = claimed(job_store), stored(job_store)

    assert job_store.erase(waiting.id, waiting.tenant)
    assert job_store.erase(running.id, running.tenant)

    assert job_store.claim(waiting.queue, "worker-1") is None
    assert not job_store.extend(running.lease)
    assert not job_store.complete(running.lease, {})
    assert not job_store.fail(running.lease, ErrorCode.FILE_DECODING_FAILURE, "")
    assert reread(job_store, running).status is JobStatus.CANCELLED


def test_a_job_is_erased_by_its_owner_only_and_only_once(job_store: JobStore) -> None:
    job = stored(job_store)

    assert not job_store.erase(job.id, "somebody else")
    assert reread(job_store, job).status is JobStatus.QUEUED
    assert job_store.erase(job.id, job.tenant)
    assert not job_store.erase(job.id, job.tenant)


def _succeeded(store: JobStore) -> Job:
    job = claimed(store)
    store.complete(job.lease, {Category.HAT: True})
    return job


def _failed(store: JobStore) -> Job:
    job = claimed(store)
    store.fail(job.lease, ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED, "No clothing.")
    return job


@pytest.mark.parametrize("finish", [_succeeded, _failed])
def test_a_finished_job_forgets_what_became_of_it(
    job_store: JobStore, finish: Callable[[JobStore], Job]
) -> None:
    job = finish(job_store)

    assert job_store.erase(job.id, job.tenant)

    erased = reread(job_store, job)
    assert erased.status is JobStatus.CANCELLED
    assert erased.is_revoked
    assert (erased.shown, erased.error_message) == (None, "")


def test_a_finished_job_cannot_be_erased_once_its_time_is_over(
    job_store: JobStore, clock: HandClock
) -> None:
    job = _succeeded(job_store)
    clock.now += RESULT_LIFETIME

    assert not job_store.erase(job.id, job.tenant)

    assert reread(job_store, job).seen_as is JobStatus.EXPIRED


def test_an_erased_jobs_bytes_are_swept_when_no_attempt_can_still_be_running(
    job_store: JobStore, clock: HandClock
) -> None:
    job = claimed(job_store)
    job_store.erase(job.id, job.tenant)
    clock.now += LIMITS.deadline - SECOND
    assert job_store.take_for_expiry(10, HOLD) == []
    clock.now += SECOND

    assert [due.id for due in job_store.take_for_expiry(10, HOLD)] == [job.id]


def test_an_erased_job_stays_one_after_the_sweep(job_store: JobStore, clock: HandClock) -> None:
    job = stored(job_store)
    job_store.erase(job.id, job.tenant)
    clock.now += LIMITS.deadline
    job_store.expire([job.id])

    swept = reread(job_store, job)

    assert swept.status is JobStatus.EXPIRED
    assert swept.is_revoked
    assert swept.seen_as is JobStatus.CANCELLED


def test_a_repeated_request_finds_the_erased_job_and_makes_no_new_one(
    job_store: JobStore,
) -> None:
    job = stored(job_store, idempotency_key="order-1")
    job_store.erase(job.id, job.tenant)

    found = job_store.find_by_idempotency_key("order-1", job.tenant)

    assert found is not None
    assert (found.id, found.is_revoked) == (job.id, True)
