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
from shared.job_store import JobStore
from shared.object_store import IMAGE, ObjectStore
from tests.clock import HandClock
from tests.factories import new_job
from tests.fakes import InMemoryObjectStore, RecordingBroker
from tests.worker.conftest import LIMITS, RecordingAnnouncer
from worker.sweeper import Sweeper

PRUNE_AFTER = timedelta(days=7)


@pytest.fixture
def sweeper(
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    broker: RecordingBroker,
    announcer: RecordingAnnouncer,
) -> Sweeper:
    return Sweeper(
        job_store=job_store,
        object_store=cast("ObjectStore", object_store),
        broker=cast("Broker", broker),
        announcer=cast("Announcer", announcer),
        republish_after=timedelta(seconds=10),
        prune_after=PRUNE_AFTER,
    )


def accepted(job_store: JobStore, object_store: InMemoryObjectStore) -> Job:
    """Do what the front end does, short of publishing."""
    new = new_job()
    object_store.put_input(new.id, b"photo")
    job = job_store.create(new)
    assert job is not None
    return job


def status_of(job_store: JobStore, job: Job) -> JobStatus | None:
    found = job_store.find(job.id, job.tenant)
    return None if found is None else found.status


def test_a_job_whose_front_end_died_before_ringing_is_published(
    sweeper: Sweeper,
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    broker: RecordingBroker,
    clock: HandClock,
) -> None:
    accepted(job_store, object_store)
    clock.advance(seconds=10)

    sweeper.sweep()
    sweeper.sweep()

    assert broker.rung == [Queue.INTERACTIVE]


def test_messages_that_were_lost_are_published_again(
    sweeper: Sweeper,
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    broker: RecordingBroker,
    clock: HandClock,
) -> None:
    for _ in range(2):
        job = accepted(job_store, object_store)
        broker.ring(job.queue)
    broker.rung.clear()
    clock.advance(seconds=10)

    sweeper.sweep()

    assert broker.rung == [Queue.INTERACTIVE] * 2


def test_a_long_queue_is_not_taken_for_a_lost_one(
    sweeper: Sweeper,
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    broker: RecordingBroker,
    clock: HandClock,
) -> None:
    for _ in range(3):
        job = accepted(job_store, object_store)
        broker.ring(job.queue)
    clock.advance(minutes=10)

    sweeper.sweep()

    assert len(broker.rung) == 3


def test_only_as_many_are_rung_for_again_as_messages_are_missing(
    sweeper: Sweeper,
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    broker: RecordingBroker,
    clock: HandClock,
) -> None:
    for _ in range(5):
        broker.ring(accepted(job_store, object_store).queue)
    broker.rung.pop()
    clock.advance(minutes=10)

    sweeper.sweep()

    assert len(broker.rung) == 5


def test_a_dead_workers_job_is_published_in_the_same_sweep(
    sweeper: Sweeper,
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    broker: RecordingBroker,
    clock: HandClock,
) -> None:
    job = accepted(job_store, object_store)
    job_store.claim(job.queue, "worker")
    clock.advance(seconds=31)

    sweeper.sweep()

    assert status_of(job_store, job) is JobStatus.QUEUED
    assert broker.rung == [Queue.INTERACTIVE]


def test_a_poisoned_job_fails_is_announced_and_loses_its_upload(
    sweeper: Sweeper,
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    announcer: RecordingAnnouncer,
    clock: HandClock,
) -> None:
    job = accepted(job_store, object_store)
    for _ in range(LIMITS.max_attempts):
        job_store.claim(job.queue, "worker")
        clock.advance(seconds=31)
        sweeper.sweep()

    assert status_of(job_store, job) is JobStatus.FAILED
    assert announcer.announced == [job.id]
    assert object_store.inputs == {}


def test_a_job_past_its_deadline_fails_and_is_announced(
    sweeper: Sweeper,
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    announcer: RecordingAnnouncer,
    clock: HandClock,
) -> None:
    job = accepted(job_store, object_store)
    clock.now += LIMITS.deadline

    sweeper.sweep()

    found = job_store.find(job.id, job.tenant)
    assert found is not None
    assert found.error_code is ErrorCode.AI_SERVICE_TIMEOUT
    assert announcer.announced == [job.id]


def finished(job_store: JobStore, object_store: InMemoryObjectStore) -> Job:
    job = accepted(job_store, object_store)
    claimed = job_store.claim(job.queue, "worker")
    assert claimed is not None
    object_store.put_result(claimed.lease, IMAGE, b"png")
    job_store.complete(claimed.lease, {})
    return job


def test_bytes_are_deleted_after_24_hours_and_the_row_a_week_later(
    sweeper: Sweeper, job_store: JobStore, object_store: InMemoryObjectStore, clock: HandClock
) -> None:
    job = finished(job_store, object_store)
    clock.now += RESULT_LIFETIME - timedelta(seconds=1)
    sweeper.sweep()
    assert status_of(job_store, job) is JobStatus.SUCCEEDED
    assert object_store.results
    clock.advance(seconds=1)

    sweeper.sweep()

    assert status_of(job_store, job) is JobStatus.EXPIRED
    assert object_store.results == {}
    assert object_store.inputs == {}
    clock.now += PRUNE_AFTER
    sweeper.sweep()
    assert status_of(job_store, job) is None


def test_a_job_is_not_called_expired_while_its_bytes_could_not_be_deleted(
    sweeper: Sweeper,
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    clock: HandClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = finished(job_store, object_store)
    clock.now += RESULT_LIFETIME

    def away(_: uuid.UUID) -> None:
        raise ObjectStoreUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(object_store, "delete_results", away)
        sweeper.sweep()
        assert status_of(job_store, job) is JobStatus.SUCCEEDED

    sweeper.sweep()
    assert status_of(job_store, job) is JobStatus.EXPIRED


def test_a_broker_that_is_away_does_not_keep_the_other_steps_from_running(
    sweeper: Sweeper,
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    broker: RecordingBroker,
    clock: HandClock,
) -> None:
    old = finished(job_store, object_store)
    clock.now += RESULT_LIFETIME
    waiting = accepted(job_store, object_store)
    job_store.unpublish([waiting.id])

    broker.is_down = True
    sweeper.sweep()

    assert status_of(job_store, old) is JobStatus.EXPIRED
    broker.is_down = False
    sweeper.sweep()
    assert broker.rung == [waiting.queue]


def test_results_of_attempts_that_lost_go_with_the_job(
    sweeper: Sweeper, job_store: JobStore, object_store: InMemoryObjectStore, clock: HandClock
) -> None:
    job = finished(job_store, object_store)
    object_store.put_result(Lease(job.id, 7), IMAGE, b"late")
    clock.now += RESULT_LIFETIME

    sweeper.sweep()

    assert object_store.results == {}


def test_every_sweep_leaves_word_of_itself(sweeper: Sweeper, broker: RecordingBroker) -> None:
    assert broker.since_sweep is None

    sweeper.sweep()

    assert broker.since_sweep == 0


def test_a_sweep_whose_stores_are_away_was_one_all_the_same(
    sweeper: Sweeper,
    job_store: JobStore,
    object_store: InMemoryObjectStore,
    broker: RecordingBroker,
    clock: HandClock,
) -> None:
    finished(job_store, object_store)
    clock.now += RESULT_LIFETIME
    object_store.is_down = True

    sweeper.sweep()

    assert broker.since_sweep == 0
