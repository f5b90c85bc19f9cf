from __future__ import annotations

import uuid
from datetime import timedelta
from typing import cast

import pytest

from shared.announcements import Announcer
from shared.broker import Broker
from shared.contract import RESULT_LIFETIME
from shared.errors import ErrorCode, ObjectStoreUnavailable
from shared.job import Job, JobStatus, Lease, Queue
from shared.object_store import IMAGE, ObjectStore
from tests.worker.conftest import LIMITS, Stores
from worker.sweeper import Sweeper

PRUNE_AFTER = timedelta(days=7)


@pytest.fixture
def sweeper(stores: Stores) -> Sweeper:
    return Sweeper(
        job_store=stores.job_store,
        object_store=cast("ObjectStore", stores.object_store),
        broker=cast("Broker", stores.broker),
        announcer=cast("Announcer", stores.announcer),
        republish_after=timedelta(seconds=10),
        prune_after=PRUNE_AFTER,
    )


def test_a_job_whose_front_end_died_before_ringing_is_published(
    sweeper: Sweeper, stores: Stores
) -> None:
    stores.accept()
    stores.clock.advance(seconds=10)

    sweeper.sweep()
    sweeper.sweep()

    assert stores.broker.rung == [Queue.INTERACTIVE]


def test_messages_that_were_lost_are_published_again(sweeper: Sweeper, stores: Stores) -> None:
    for _ in range(2):
        job = stores.accept()
        stores.broker.ring(job.queue)
    stores.broker.rung.clear()
    stores.clock.advance(seconds=10)

    sweeper.sweep()

    assert stores.broker.rung == [Queue.INTERACTIVE] * 2


def test_a_long_queue_is_not_taken_for_a_lost_one(sweeper: Sweeper, stores: Stores) -> None:
    for _ in range(3):
        job = stores.accept()
        stores.broker.ring(job.queue)
    stores.clock.advance(minutes=10)

    sweeper.sweep()

    assert len(stores.broker.rung) == 3


def test_only_as_many_are_rung_for_again_as_messages_are_missing(
    sweeper: Sweeper, stores: Stores
) -> None:
    for _ in range(5):
        stores.broker.ring(stores.accept().queue)
    stores.broker.rung.pop()
    stores.clock.advance(minutes=10)

    sweeper.sweep()

    assert len(stores.broker.rung) == 5


def test_a_dead_workers_job_is_published_in_the_same_sweep(
    sweeper: Sweeper, stores: Stores
) -> None:
    job = stores.accept()
    stores.job_store.claim(job.queue, "worker")
    stores.clock.advance(seconds=31)

    sweeper.sweep()

    assert stores.reread(job).status is JobStatus.QUEUED
    assert stores.broker.rung == [Queue.INTERACTIVE]


def test_a_poisoned_job_fails_is_announced_and_loses_its_upload(
    sweeper: Sweeper, stores: Stores
) -> None:
    job = stores.accept()
    for _ in range(LIMITS.max_attempts):
        stores.job_store.claim(job.queue, "worker")
        stores.clock.advance(seconds=31)
        sweeper.sweep()

    assert stores.reread(job).status is JobStatus.FAILED
    assert stores.announcer.announced == [job.id]
    assert stores.object_store.inputs == {}


def test_a_job_past_its_deadline_fails_and_is_announced(sweeper: Sweeper, stores: Stores) -> None:
    job = stores.accept()
    stores.clock.now += LIMITS.deadline

    sweeper.sweep()

    assert stores.reread(job).error_code is ErrorCode.AI_SERVICE_TIMEOUT
    assert stores.announcer.announced == [job.id]


def finished(stores: Stores) -> Job:
    job = stores.accept()
    claimed = stores.job_store.claim(job.queue, "worker")
    assert claimed is not None
    stores.object_store.put_result(claimed.lease, IMAGE, b"png")
    stores.job_store.complete(claimed.lease, {})
    return job


def test_bytes_are_deleted_after_24_hours_and_the_row_a_week_later(
    sweeper: Sweeper, stores: Stores
) -> None:
    job = finished(stores)
    stores.clock.now += RESULT_LIFETIME - timedelta(seconds=1)
    sweeper.sweep()
    assert stores.reread(job).status is JobStatus.SUCCEEDED
    assert stores.object_store.results
    stores.clock.advance(seconds=1)

    sweeper.sweep()

    assert stores.reread(job).status is JobStatus.EXPIRED
    assert stores.object_store.results == {}
    assert stores.object_store.inputs == {}
    stores.clock.now += PRUNE_AFTER
    sweeper.sweep()
    assert stores.job_store.find(job.id, job.tenant) is None


def test_a_job_is_not_called_expired_while_its_bytes_could_not_be_deleted(
    sweeper: Sweeper, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = finished(stores)
    stores.clock.now += RESULT_LIFETIME

    def away(_: uuid.UUID) -> None:
        raise ObjectStoreUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(stores.object_store, "delete_results", away)
        sweeper.sweep()
        assert stores.reread(job).status is JobStatus.SUCCEEDED

    sweeper.sweep()
    assert stores.reread(job).status is JobStatus.EXPIRED


def test_a_broker_that_is_away_does_not_keep_the_other_steps_from_running(
    sweeper: Sweeper, stores: Stores
) -> None:
    old = finished(stores)
    stores.clock.now += RESULT_LIFETIME
    waiting = stores.accept()
    stores.job_store.unpublish([waiting.id])

    stores.broker.is_down = True
    sweeper.sweep()

    assert stores.reread(old).status is JobStatus.EXPIRED
    stores.broker.is_down = False
    sweeper.sweep()
    assert stores.broker.rung == [waiting.queue]


def test_results_of_attempts_that_lost_go_with_the_job(sweeper: Sweeper, stores: Stores) -> None:
    job = finished(stores)
    stores.object_store.put_result(Lease(job.id, 7), IMAGE, b"late")
    stores.clock.now += RESULT_LIFETIME

    sweeper.sweep()

    assert stores.object_store.results == {}


def test_every_sweep_leaves_word_of_itself(sweeper: Sweeper, stores: Stores) -> None:
    assert stores.broker.since_sweep is None

    sweeper.sweep()

    assert stores.broker.since_sweep == 0


def test_a_sweep_whose_stores_are_away_was_one_all_the_same(
    sweeper: Sweeper, stores: Stores
) -> None:
    finished(stores)
    stores.clock.now += RESULT_LIFETIME
    stores.object_store.is_down = True

    sweeper.sweep()

    assert stores.broker.since_sweep == 0
