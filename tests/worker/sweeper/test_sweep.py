from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import NoReturn, cast
from unittest.mock import Mock

import pytest

from shared.errors import BrokerUnavailable, ErrorCode
from shared.job import JobStatus, Queue
from shared.messaging.announcements import Announcer
from shared.messaging.broker import Broker, Duty
from shared.settings.settings import Settings
from tests.conditions import eventually
from tests.metrics import since
from tests.worker.conftest import LIMITS, Stores
from worker.sweeper.app import run_sweeper
from worker.sweeper.retention import Retention
from worker.sweeper.sweep import Sweeper

PRUNE_AFTER = timedelta(days=7)


@pytest.fixture
def sweeper(stores: Stores) -> Sweeper:
    return Sweeper(
        job_store=stores.job_store,
        retention=Retention(stores.job_store, stores.object_store, PRUNE_AFTER),
        broker=cast("Broker", stores.broker),
        announcer=cast("Announcer", stores.announcer),
        republish_after=timedelta(seconds=10),
    )


def test_a_job_whose_front_end_died_before_ringing_is_published(
    sweeper: Sweeper, stores: Stores
) -> None:
    stores.accept()
    stores.clock.advance(seconds=10)

    sweeper.sweep()
    sweeper.sweep()

    assert stores.broker.published == [Queue.INTERACTIVE]


def test_messages_that_were_lost_are_published_again(sweeper: Sweeper, stores: Stores) -> None:
    for _ in range(2):
        job = stores.accept()
        stores.broker.publish(job.queue)
    stores.broker.published.clear()
    stores.clock.advance(seconds=10)

    sweeper.sweep()

    assert stores.broker.published == [Queue.INTERACTIVE] * 2


def test_sweepers_that_sweep_at_once_publish_each_job_once(
    sweeper: Sweeper, stores: Stores
) -> None:
    for _ in range(5):
        stores.job_store.mark_unpublished([stores.accept().id for _ in range(20)])
        stores.broker.published.clear()
        start = threading.Barrier(4)

        def sweep(_: int, start: threading.Barrier = start) -> None:
            start.wait(10)
            sweeper.publish()

        with ThreadPoolExecutor(4) as sweepers:
            list(sweepers.map(sweep, range(4)))

        assert stores.broker.published == [Queue.INTERACTIVE] * 20
        while stores.job_store.claim(Queue.INTERACTIVE, "worker"):
            pass


def test_a_long_queue_is_not_taken_for_a_lost_one(sweeper: Sweeper, stores: Stores) -> None:
    for _ in range(3):
        job = stores.accept()
        stores.broker.publish(job.queue)
    stores.clock.advance(minutes=10)

    sweeper.sweep()

    assert len(stores.broker.published) == 3


def test_only_as_many_are_rung_for_again_as_messages_are_missing(
    sweeper: Sweeper, stores: Stores
) -> None:
    for _ in range(5):
        stores.broker.publish(stores.accept().queue)
    stores.broker.published.pop()
    stores.clock.advance(minutes=10)

    sweeper.sweep()

    assert len(stores.broker.published) == 5


def test_however_many_wait_after_an_outage_each_has_its_message_without_a_pause(
    sweeper: Sweeper, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.sweeper.sweep._MESSAGES_PER_STEP", 3)
    for _ in range(10):
        stores.job_store.mark_unpublished([stores.accept().id])

    assert [sweeper.sweep() for _ in range(5)] == [True, True, True, False, False]

    assert stores.broker.published == [Queue.INTERACTIVE] * 10
    stores.broker.published.clear()
    stores.clock.advance(seconds=10)

    assert [sweeper.sweep() for _ in range(5)] == [True, True, True, False, False]

    assert stores.broker.published == [Queue.INTERACTIVE] * 10


def test_jobs_whose_messages_the_broker_did_not_take_are_published_by_the_next_sweep(
    sweeper: Sweeper, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        stores.job_store.mark_unpublished([stores.accept().id])

    def refuse(*_: object) -> None:
        raise BrokerUnavailable("full")

    with monkeypatch.context() as patch:
        patch.setattr(stores.broker, "publish_many", refuse)
        sweeper.sweep()
    assert stores.job_store.count_queued(Queue.INTERACTIVE, 100) == 0

    sweeper.sweep()

    assert stores.broker.published == [Queue.INTERACTIVE] * 3


def test_a_dead_workers_job_is_published_in_the_same_sweep(
    sweeper: Sweeper, stores: Stores
) -> None:
    job = stores.accept()
    stores.job_store.claim(job.queue, "worker")
    stores.clock.advance(seconds=31)

    sweeper.sweep()

    assert stores.reread(job).status is JobStatus.QUEUED
    assert stores.broker.published == [Queue.INTERACTIVE]


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
    sweeper.retention.run()
    assert stores.object_store.inputs == {}


def test_a_job_past_its_deadline_fails_and_is_announced(sweeper: Sweeper, stores: Stores) -> None:
    job = stores.accept()
    stores.clock.now += LIMITS.deadline

    sweeper.sweep()

    assert stores.reread(job).error_code is ErrorCode.AI_SERVICE_TIMEOUT
    assert stores.announcer.announced == [job.id]


def test_a_step_whose_store_is_away_does_not_keep_the_others_from_running(
    sweeper: Sweeper, stores: Stores
) -> None:
    late = stores.accept()
    stores.clock.now += LIMITS.deadline
    waiting = stores.accept()
    stores.job_store.mark_unpublished([waiting.id])
    stores.broker.is_down = True

    sweeper.sweep()

    assert stores.reread(late).status is JobStatus.FAILED
    stores.broker.is_down = False
    sweeper.sweep()
    assert stores.broker.published == [waiting.queue]


@pytest.mark.parametrize(
    ("step", "held", "late", "is_published"),
    [
        ("rescue", JobStatus.PROCESSING, JobStatus.FAILED, True),
        ("fail_late", JobStatus.QUEUED, JobStatus.QUEUED, True),
        ("take_for_publishing", JobStatus.FAILED, JobStatus.FAILED, False),
    ],
)
def test_a_step_that_fails_for_an_unforeseen_reason_does_not_keep_the_others_from_running(
    sweeper: Sweeper,
    stores: Stores,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    held: JobStatus,
    late: JobStatus,
    is_published: bool,
) -> None:
    held_job = stores.accept()
    stores.job_store.claim(held_job.queue, "worker that dies")
    late_job = stores.accept()
    stores.clock.now += LIMITS.deadline
    stores.job_store.mark_unpublished([stores.accept().id])

    def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(stores.job_store, step, fail)
        with pytest.raises(ExceptionGroup) as caught:
            sweeper.sweep()

    assert caught.group_contains(ZeroDivisionError)
    assert [stores.reread(job).status for job in (held_job, late_job)] == [held, late]
    assert bool(stores.broker.published) == is_published


def test_a_duty_whose_round_failed_is_not_noted_and_the_other_one_is(
    sweeper: Sweeper, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 0

    def fail(*_: object) -> NoReturn:
        nonlocal failures
        failures += 1
        raise ZeroDivisionError

    stopping = threading.Event()
    with ThreadPoolExecutor(1) as pool, monkeypatch.context() as patch:
        patch.setattr(stores.job_store, "rescue", fail)
        running = pool.submit(run_sweeper, Settings(sweep_interval=0.01), sweeper, stopping)
        eventually(lambda: failures > 2 and Duty.RETENTION in stores.broker.since)
        assert Duty.SWEEP not in stores.broker.since
        patch.undo()
        eventually(lambda: Duty.SWEEP in stores.broker.since)
        stopping.set()
        assert running.result(timeout=10) == 0


def test_an_object_store_that_is_away_does_not_concern_a_sweep(
    sweeper: Sweeper, stores: Stores
) -> None:
    late = stores.accept()
    stores.clock.now += LIMITS.deadline
    stuck = stores.accept()
    stores.job_store.claim(stuck.queue, "worker")
    stores.clock.advance(seconds=31)
    stores.object_store.is_down = True

    sweeper.sweep()

    assert stores.announcer.announced == [late.id]
    assert stores.broker.published == [stuck.queue]


def test_a_sweep_that_left_something_says_so(
    sweeper: Sweeper, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.sweeper.sweep._ROWS_PER_STEP", 2)
    for _ in range(3):
        stores.accept()
    stores.clock.now += LIMITS.deadline

    assert sweeper.sweep()
    assert not sweeper.sweep()

    assert len(stores.announcer.announced) == 3


@pytest.mark.parametrize("duty", list(Duty))
def test_a_duty_that_is_done_again_and_again_is_noted_and_goes_on_until_told_to_stop(
    sweeper: Sweeper, stores: Stores, duty: Duty
) -> None:
    stopping = threading.Event()
    settings = Settings(sweep_interval=0.01)
    idle = Mock(**{"run.return_value": False})
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_sweeper, settings, sweeper, stopping, idle, idle)
        eventually(lambda: duty in stores.broker.since)
        stores.broker.is_down = stores.object_store.is_down = True
        stores.broker.since.clear()
        stores.broker.is_down = False
        eventually(lambda: duty in stores.broker.since)
        stopping.set()
        assert running.result(timeout=10) == 0


def test_what_a_sweep_does_is_counted(sweeper: Sweeper, stores: Stores) -> None:
    spent = stores.accept()
    rescued, republished = (
        since("cutwork_jobs_rescued_total"),
        since("cutwork_jobs_republished_total"),
    )
    failed = since(
        "cutwork_jobs_finished_total", outcome="failed", error_code=ErrorCode.AI_SERVICE_TIMEOUT
    )
    age = since("cutwork_job_end_to_end_seconds_sum", queue=spent.queue)
    stores.job_store.claim(spent.queue, "worker that dies")
    stores.clock.advance(seconds=31)

    sweeper.sweep()
    stores.clock.now += LIMITS.deadline
    sweeper.sweep()

    assert (rescued(), republished(), failed()) == (1, 1, 1)
    assert age() == LIMITS.deadline.total_seconds() + 31


def test_a_step_whose_store_is_away_is_counted(sweeper: Sweeper, stores: Stores) -> None:
    failures = since("cutwork_sweeper_failures_total", step="publish")
    stores.broker.is_down = True

    sweeper.sweep()

    assert failures() == 1
