"""What an operator asks of all tenants' jobs, and how the installation was, on every database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import ErrorCode
from shared.job import Job, JobStatus, Queue
from shared.jobs.history import Event
from shared.jobs.matching import Matching
from shared.jobs.store import JobStore
from shared.operations.samples import Sample, Samples
from shared.sql.database import Database
from tests.clock import HandClock
from tests.factories import new_job, publish

HOUR = timedelta(hours=1)
CODE = ErrorCode.PROCESSING_FAILURE


def claimed(store: JobStore, clock: HandClock, **changes: object) -> Job:
    clock.advance(seconds=1)
    assert store.create(new_job(**changes))
    job = store.claim(Queue.INTERACTIVE, "gpu-3:4711")
    assert job is not None
    return job


def events(store: JobStore, job: Job) -> list[tuple[Event, str]]:
    [seen] = store.look_up([job.id], "", 1)
    return [(it.event, it.words) for it in seen.history]


def ids(store: JobStore, **which: object) -> list[uuid.UUID]:
    return [it.job.id for it in store.list_matching(Matching(**which), 50)]  # type: ignore[arg-type]


def test_a_job_tells_all_that_happened_to_it(job_store: JobStore, clock: HandClock) -> None:
    job = claimed(job_store, clock)
    assert job_store.retry(job.lease, timedelta(0), CODE, "no")
    publish(job_store)
    second = job_store.claim(Queue.INTERACTIVE, "gpu-4:1")
    assert second is not None
    assert job_store.release(second.lease)
    publish(job_store)
    third = job_store.claim(Queue.INTERACTIVE, "gpu-4:1")
    assert third is not None
    clock.advance(seconds=60)
    job_store.rescue(10)
    job_store.note_refusal(third.lease)
    publish(job_store)
    last = job_store.claim(Queue.INTERACTIVE, "gpu-5:1")
    assert last is not None
    clock.advance(seconds=0.5)
    assert job_store.complete(last.lease, {}, laps={"get": 12, "cutout": 410})

    assert events(job_store, job) == [
        (Event.CLAIMED, "gpu-3:4711"),
        (Event.RETRIED, CODE),
        (Event.CLAIMED, "gpu-4:1"),
        (Event.RELEASED, ""),
        (Event.CLAIMED, "gpu-4:1"),
        (Event.CUT_OFF, ""),
        (Event.REFUSED, "3"),
        (Event.CLAIMED, "gpu-5:1"),
        (Event.SUCCEEDED, "get=12 cutout=410"),
    ]
    [seen] = job_store.look_up([job.id], "", 1)
    assert seen.history[-1].at == clock.now


def test_an_end_stands_in_the_history_whoever_brought_it(
    job_store: JobStore, clock: HandClock
) -> None:
    failed, erased = claimed(job_store, clock), claimed(job_store, clock)
    late = job_store.create(new_job())
    assert late
    assert job_store.fail(failed.lease, CODE, "no")
    assert job_store.erase(erased.id, "shop")
    clock.advance(hours=2)
    job_store.fail_late(10)

    assert events(job_store, failed)[-1] == (Event.FAILED, CODE)
    assert events(job_store, erased)[-1] == (Event.CANCELLED, "")
    assert events(job_store, late) == [(Event.FAILED, ErrorCode.AI_SERVICE_TIMEOUT)]


def test_a_history_ends_somewhere_and_the_job_goes_on(
    job_store: JobStore, clock: HandClock
) -> None:
    job = claimed(job_store, clock)
    for _ in range(150):
        assert job_store.release(job.lease)
        publish(job_store)
        again = job_store.claim(Queue.INTERACTIVE, "gpu-3:4711")
        assert again is not None
        job = again

    assert job_store.complete(job.lease, {})
    [seen] = job_store.look_up([job.id], "", 1)
    assert 50 < len(seen.history) < 200


def test_a_job_is_found_by_its_id_and_by_the_request_that_asked_for_it(
    job_store: JobStore, clock: HandClock
) -> None:
    job = claimed(job_store, clock, request_id="import/4711", tenant="rival")

    for found in (
        job_store.look_up([job.id, uuid.uuid4()], "", 10),
        job_store.look_up([], "import/4711", 10),
        job_store.look_up([job.id], "import/4711", 10),
    ):
        [seen] = found
        assert (seen.job.id, seen.request_id, seen.worker) == (job.id, "import/4711", "gpu-3:4711")
    assert job_store.look_up([], "import/471", 10) == []


def test_jobs_of_all_tenants_are_listed_by_state_the_newest_first(
    job_store: JobStore, clock: HandClock
) -> None:
    done = claimed(job_store, clock, tenant="rival")
    failed = claimed(job_store, clock)
    other = claimed(job_store, clock)
    erased = claimed(job_store, clock)
    assert job_store.complete(done.lease, {})
    clock.advance(seconds=1)
    assert job_store.fail(failed.lease, CODE, "no")
    clock.advance(seconds=1)
    assert job_store.fail(other.lease, ErrorCode.FILE_DECODING_FAILURE, "no")
    assert job_store.erase(erased.id, "shop")
    running = claimed(job_store, clock, tenant="rival")
    waiting = job_store.create(new_job())
    assert waiting
    clock.advance(seconds=1)

    assert set(ids(job_store)) == {waiting.id, running.id, other.id, failed.id, done.id}
    assert ids(job_store, status=JobStatus.QUEUED) == [waiting.id]
    assert ids(job_store, status=JobStatus.PROCESSING) == [running.id]
    assert ids(job_store, status=JobStatus.SUCCEEDED) == [done.id]
    assert ids(job_store, status=JobStatus.FAILED) == [other.id, failed.id]
    assert ids(job_store, status=JobStatus.CANCELLED) == [erased.id]
    assert ids(job_store, code=CODE) == [failed.id]
    assert ids(job_store, tenant="rival") == [running.id, done.id]
    assert ids(job_store, tenant="shop", status=JobStatus.FAILED, code=CODE) == [failed.id]
    clock.advance(hours=26)
    job_store.expire([done.id])
    assert ids(job_store, status=JobStatus.EXPIRED) == [done.id]


def test_what_is_listed_is_what_is_counted_and_both_keep_to_their_time(
    job_store: JobStore, clock: HandClock
) -> None:
    for _ in range(5):
        job = claimed(job_store, clock)
        assert job_store.fail(job.lease, CODE, "no")
    third = clock.now - timedelta(seconds=2)

    for which, expected in {
        Matching(status=JobStatus.FAILED): 5,
        Matching(status=JobStatus.FAILED, until=third): 2,
        Matching(status=JobStatus.FAILED, since=third): 3,
        Matching(code=CODE, since=third, until=third + timedelta(seconds=1)): 1,
        Matching(status=JobStatus.FAILED, since=datetime.max.replace(tzinfo=UTC)): 0,
    }.items():
        assert len(job_store.list_matching(which, 50)) == expected
        assert job_store.count_matching(which) == expected
    assert job_store.count_matching(Matching(status=JobStatus.FAILED), 4) == 4


def test_failures_are_counted_by_code_among_those_that_were_worked_off_lately(
    job_store: JobStore, clock: HandClock
) -> None:
    old = claimed(job_store, clock)
    assert job_store.fail(old.lease, CODE, "no")
    clock.advance(hours=2)
    for code in (CODE, CODE, ErrorCode.FILE_DECODING_FAILURE):
        assert job_store.fail(claimed(job_store, clock).lease, code, "no")
    assert job_store.complete(claimed(job_store, clock).lease, {})
    assert job_store.erase(claimed(job_store, clock).id, "shop")

    failures = job_store.count_failures(HOUR)

    assert failures.ended == 4
    assert failures.by_code == {CODE: 2, ErrorCode.FILE_DECODING_FAILURE: 1}


@pytest.fixture
def samples(database: Database, clock: HandClock) -> Samples:
    return Samples(database, clock)


def test_a_minute_is_kept_once_with_what_its_day_has_seen(
    job_store: JobStore, samples: Samples, clock: HandClock
) -> None:
    assert job_store.fail(claimed(job_store, clock).lease, CODE, "no")
    assert job_store.create(new_job(tenant="rival"))
    clock.advance(seconds=30)
    backlog = job_store.measure_backlog(None, 100)

    assert samples.is_due()
    assert samples.take(backlog, {"0.1.0 cutwork-1 cpu": 2})
    assert not samples.is_due()
    assert not samples.take(backlog, None)

    assert samples.read(HOUR) == [
        Sample(
            minute=clock.now.replace(second=0),
            queued=1,
            oldest_seconds=30,
            accepted=2,
            done=0,
            failed=1,
            cancelled=0,
            fleet={"0.1.0 cutwork-1 cpu": 2},
        )
    ]


def test_old_samples_are_forgotten(job_store: JobStore, samples: Samples, clock: HandClock) -> None:
    backlog = job_store.measure_backlog(None, 100)
    for _ in range(3):
        assert samples.take(backlog, None)
        clock.advance(hours=1)

    assert samples.prune(timedelta(hours=2)) == 1
    assert len(samples.read(timedelta(hours=5))) == 2
