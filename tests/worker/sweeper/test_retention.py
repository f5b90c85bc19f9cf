"""Bytes go when their time has come, whatever of them cannot go; rows a week later."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import NoReturn

import pytest

from shared.errors import DatabaseUnavailable
from shared.job import Job, JobStatus, Lease
from shared.objects.store import IMAGE
from shared.wire.contract import RESULT_LIFETIME
from tests.worker.conftest import Stores
from worker.sweeper.retention import Retention

PRUNE_AFTER = timedelta(days=7)


@pytest.fixture
def retention(stores: Stores) -> Retention:
    return Retention(stores.job_store, stores.object_store, PRUNE_AFTER)


def finished(stores: Stores) -> Job:
    job = stores.accept()
    claimed = stores.job_store.claim(job.queue, "worker")
    assert claimed is not None
    stores.object_store.put_result(claimed.lease, IMAGE, b"png")
    stores.job_store.complete(claimed.lease, {})
    return job


def expired(stores: Stores) -> Job:
    """Make a job that is past its lifetime, whose bytes are there."""
    job = finished(stores)
    stores.clock.now += RESULT_LIFETIME
    return job


def test_bytes_are_deleted_after_24_hours_and_the_row_a_week_later(
    retention: Retention, stores: Stores
) -> None:
    job = finished(stores)
    stores.clock.now += RESULT_LIFETIME - timedelta(seconds=1)
    retention.run()
    assert stores.reread(job).status is JobStatus.SUCCEEDED
    assert stores.object_store.results
    stores.clock.advance(seconds=1)

    retention.run()

    assert stores.reread(job).status is JobStatus.EXPIRED
    assert stores.object_store.results == {}
    assert stores.object_store.inputs == {}
    stores.clock.now += PRUNE_AFTER
    retention.run()
    assert stores.job_store.find(job.id, job.tenant) is None


def test_a_job_is_not_called_expired_while_its_bytes_could_not_be_deleted(
    retention: Retention, stores: Stores
) -> None:
    job = expired(stores)
    stores.object_store.is_down = True

    assert not retention.run()

    assert stores.reread(job).status is JobStatus.SUCCEEDED
    stores.object_store.is_down = False
    retention.run()
    assert stores.reread(job).status is JobStatus.EXPIRED


def test_results_of_attempts_that_lost_go_with_the_job(
    retention: Retention, stores: Stores
) -> None:
    job = expired(stores)
    stores.object_store.put_result(Lease(job.id, 7), IMAGE, b"late")

    retention.run()

    assert stores.object_store.results == {}


def test_what_was_taken_is_deleted_although_the_database_left_while_more_was_looked_for(
    retention: Retention, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = expired(stores)
    take = stores.job_store._take_due

    def take_one_and_then_none(limit: int, hold: timedelta) -> tuple[int, list[Job]]:
        if stores.reread(job).status is JobStatus.SUCCEEDED and taken:
            raise DatabaseUnavailable("gone")
        taken.extend(take(limit, hold)[1])
        return limit, list(taken)

    taken: list[Job] = []
    monkeypatch.setattr(stores.job_store, "_take_due", take_one_and_then_none)

    retention.run()

    assert stores.reread(job).status is JobStatus.EXPIRED
    assert stores.object_store.results == {}


def test_a_database_that_is_away_is_told_if_nothing_was_taken(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(stores.job_store, "_take_due", fail)

    with pytest.raises(DatabaseUnavailable):
        stores.job_store.take_for_expiry(10, timedelta(minutes=1))


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_objects_that_cannot_be_deleted_hold_up_no_others(
    retention: Retention, stores: Stores, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("worker.sweeper.retention._JOBS_PER_REQUEST", at_once)
    jobs = [finished(stores) for _ in range(9)]
    held, others = jobs[:4], jobs[4:]
    stores.object_store.undeletable = {job.id for job in held}
    stores.clock.now += RESULT_LIFETIME

    while retention.run():
        pass

    assert {stores.reread(job).status for job in others} == {JobStatus.EXPIRED}
    assert {stores.reread(job).status for job in held} == {JobStatus.SUCCEEDED}


def test_what_cannot_be_deleted_is_left_alone_for_a_while_and_then_tried_again(
    retention: Retention, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = expired(stores)
    asked: list[uuid.UUID] = []
    delete = stores.object_store.delete_jobs

    def delete_jobs(job_ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
        asked.extend(job_ids)
        return delete(job_ids)

    monkeypatch.setattr(stores.object_store, "delete_jobs", delete_jobs)
    stores.object_store.undeletable = {job.id}
    retention.run()
    stores.object_store.undeletable = set()

    stores.clock.advance(seconds=599)
    retention.run()
    assert asked == [job.id]
    stores.clock.advance(seconds=1)
    retention.run()

    assert asked == [job.id] * 2
    assert stores.reread(job).status is JobStatus.EXPIRED


def test_as_long_as_there_is_more_it_says_so(
    retention: Retention, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.sweeper.retention._JOBS_PER_REQUEST", 2)
    monkeypatch.setattr("worker.sweeper.retention._ROWS_PER_PRUNING", 2)
    for _ in range(3):
        finished(stores)
    stores.clock.now += RESULT_LIFETIME

    assert [retention.run(), retention.run()] == [True, False]
    stores.clock.now += PRUNE_AFTER
    assert [retention.run(), retention.run()] == [True, False]


def test_records_that_cannot_be_forgotten_for_an_unforeseen_reason_hold_up_no_others(
    stores: Stores,
) -> None:
    left = [1]

    def fail() -> NoReturn:
        raise ZeroDivisionError

    records = {"usage": fail, "audit": lambda: left.pop(0)}
    retention = Retention(stores.job_store, stores.object_store, PRUNE_AFTER, records)

    with pytest.raises(ExceptionGroup) as caught:
        retention.run()

    assert caught.group_contains(ZeroDivisionError)
    assert left == []


def test_the_upload_of_a_job_that_failed_is_deleted_soon(
    retention: Retention, stores: Stores
) -> None:
    job = stores.accept()

    retention.discard_upload(job.id)
    retention.run()

    assert stores.object_store.inputs == {}


def test_what_is_kept_for_longer_than_jobs_is_forgotten_bit_by_bit(stores: Stores) -> None:
    left = [2, 3, 0]
    records = {"usage": lambda: left.pop(0)}
    retention = Retention(stores.job_store, stores.object_store, PRUNE_AFTER, records)

    assert [retention.run() for _ in range(3)] == [True, True, False]
