from __future__ import annotations

import io
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn, cast

import numpy as np
import pytest
from PIL import Image
from skimage import data

from shared.errors import (
    BrokerUnavailable,
    DatabaseUnavailable,
    DevicePoisoned,
    ErrorCode,
    InferenceFailed,
    ObjectStoreUnavailable,
    Refused,
)
from shared.job import Job, JobStatus, Queue
from shared.jobs.store import ATTEMPTS_SPENT, JobStore
from shared.messaging.announcements import Announcer
from shared.objects.store import IMAGE, ObjectStore
from shared.outgoing.caller import Caller
from shared.outgoing.policy import Policy
from shared.settings.settings import Settings
from shared.wire.contract import Category
from shared.wire.option_words import OptionWords
from tests.factories import new_job, publish
from tests.metrics import since
from tests.raw_server import RawServer, ok, running_raw_server, say
from tests.uncertain_commits import lost_answers
from tests.worker.conftest import LIMITS, Stores
from worker.app import create_segmenter
from worker.imaging import decoding
from worker.jobs.lease import LeaseKeeper
from worker.jobs.photo_source import PhotoSource
from worker.jobs.pixel_budget import PixelBudget
from worker.jobs.quarantine import Quarantine
from worker.jobs.runner import UPLOAD_GONE, JobRunner
from worker.network.segmenter import Frame, Logits, Segmenter

BACKOFF = timedelta(seconds=2)


class Interposed:
    """The bundled network, with something that happens before it runs."""

    def __init__(self, network: Segmenter) -> None:
        self._network = network
        self.manifest = network.manifest
        self.before: Callable[[], None] = lambda: None

    def segment(self, frame: Frame) -> Logits:
        self.before()
        return self._network.segment(frame)


@pytest.fixture(scope="module")
def network() -> Segmenter:
    return create_segmenter(Settings())


@pytest.fixture
def segmenter(network: Segmenter) -> Interposed:
    return Interposed(network)


@pytest.fixture
def shop() -> Iterator[RawServer]:
    """Whose photos are fetched."""
    with running_raw_server(say(ok(PERSON))) as server:
        yield server


@pytest.fixture
def runner(stores: Stores, segmenter: Interposed, shop: RawServer) -> Iterator[JobRunner]:
    leases = LeaseKeeper(stores.job_store, LIMITS.lease)
    leases.start()
    yield JobRunner(
        job_store=stores.job_store,
        object_store=cast("ObjectStore", stores.object_store),
        announcer=cast("Announcer", stores.announcer),
        leases=leases,
        photos=PhotoSource(
            cast("ObjectStore", stores.object_store),
            Caller(Policy.read(ports=str(shop.port), networks="127.0.0.1/32")),
            seconds=5,
        ),
        segmenter=segmenter,
        pixels=PixelBudget(36_000_000),
        retry_backoff=BACKOFF,
        owner="worker-1",
    )
    leases.stop()


def photo_of(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG")
    return encoded.getvalue()


PERSON = photo_of(data.astronaut())
NOTHING = photo_of(np.full((200, 200, 3), 128, np.uint8))


def test_a_photo_becomes_results_under_its_attempt_and_the_upload_goes(
    runner: JobRunner, stores: Stores
) -> None:
    job = stores.accept(PERSON, *Category)

    runner.run(job.queue)

    done = stores.reread(job)
    assert done.status is JobStatus.SUCCEEDED
    assert done.shown is not None
    assert list(done.shown) == list(Category)
    shown = [category for category in Category if done.shown[category]]
    assert shown
    names = {name for _, _, name in stores.object_store.results}
    assert names == {IMAGE, *shown}
    assert {attempt for _, attempt, _ in stores.object_store.results} == {1}
    assert stores.object_store.inputs == {}
    assert stores.announcer.announced == [job.id]


def test_the_header_of_a_photo_is_read_once(
    runner: JobRunner, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "read_header", _never)
    job = stores.accept(PERSON)

    runner.run(job.queue)

    assert stores.reread(job).status is JobStatus.SUCCEEDED


def _never(_: bytes) -> NoReturn:
    raise AssertionError("the runner has read it already")


@pytest.mark.parametrize(
    ("photo", "code"),
    [
        (NOTHING, ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED),
        (PERSON[:5000], ErrorCode.FILE_DECODING_FAILURE),
    ],
    ids=["no clothing", "cut short"],
)
def test_what_the_photo_is_to_blame_for_fails_at_once(
    runner: JobRunner, stores: Stores, photo: bytes, code: ErrorCode
) -> None:
    job = stores.accept(photo)

    runner.run(job.queue)

    failed = stores.reread(job)
    assert (failed.status, failed.error_code, failed.attempt) == (JobStatus.FAILED, code, 1)
    assert stores.object_store.inputs == {}
    assert stores.announcer.announced == [job.id]


def test_an_upload_that_is_gone_fails_at_once(runner: JobRunner, stores: Stores) -> None:
    job = stores.accept(PERSON)
    stores.object_store.delete_input(job.id)

    runner.run(job.queue)

    failed = stores.reread(job)
    assert (failed.status, failed.error_message) == (JobStatus.FAILED, UPLOAD_GONE)


@pytest.mark.parametrize(
    "trouble",
    [InferenceFailed("NaN"), MemoryError(), ZeroDivisionError()],
    ids=lambda trouble: type(trouble).__name__,
)
def test_what_can_change_is_tried_again_with_a_back_off_that_doubles(
    runner: JobRunner, stores: Stores, segmenter: Interposed, trouble: Exception
) -> None:
    job = stores.accept(PERSON)

    def fail() -> None:
        raise trouble

    segmenter.before = fail
    runner.run(job.queue)
    assert stores.reread(job).status is JobStatus.QUEUED
    assert publish(stores.job_store) == []
    stores.clock.now += BACKOFF
    assert publish(stores.job_store) == [job.id]
    runner.run(job.queue)
    stores.clock.now += BACKOFF
    assert publish(stores.job_store) == []
    stores.clock.now += BACKOFF
    assert publish(stores.job_store) == [job.id]
    segmenter.before = lambda: None

    runner.run(job.queue)

    done = stores.reread(job)
    assert (done.status, done.attempt) == (JobStatus.SUCCEEDED, 3)


def test_an_object_store_that_is_away_is_looked_for_every_two_seconds_however_long_it_was(
    runner: JobRunner, stores: Stores
) -> None:
    job = stores.accept(PERSON)
    stores.object_store.is_down = True

    for _ in range(5):
        runner.run(job.queue)
        assert publish(stores.job_store) == []
        stores.clock.advance(seconds=2)
        assert publish(stores.job_store) == [job.id]
    stores.object_store.is_down = False
    runner.run(job.queue)

    assert stores.reread(job).status is JobStatus.SUCCEEDED


def test_a_job_of_a_newer_release_is_left_to_others_uncounted_and_met_more_and_more_rarely(
    runner: JobRunner, stores: Stores
) -> None:
    words = OptionWords(rendition={"frame": "gold"})
    newer = replace(new_job(), options=words)
    stores.object_store.put_input(newer.id, PERSON)
    job = stores.job_store.create(newer)
    assert job is not None

    for seconds in (2, 4, 8, 16, 30, 30):
        runner.run(job.queue)
        assert publish(stores.job_store) == []
        stores.clock.advance(seconds=seconds - 0.1)
        assert publish(stores.job_store) == []
        stores.clock.advance(seconds=0.1)
        assert publish(stores.job_store) == [job.id]

    left = stores.reread(job)
    assert (left.status, left.attempt, left.releases) == (JobStatus.QUEUED, 6, 6)
    assert left.option_words == words
    assert stores.object_store.inputs == {job.id: PERSON}
    assert stores.object_store.results == {}


class NotedQuarantine(Quarantine):
    """Remembers who wanted to be alone."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[bool] = []

    @contextmanager
    def enter(self, *, alone: bool) -> Iterator[bool]:
        self.asked.append(alone)
        with super().enter(alone=alone) as is_admitted:
            yield is_admitted


def test_only_a_job_that_was_cut_off_runs_alone_and_not_one_that_is_tried_again(
    runner: JobRunner, stores: Stores, segmenter: Interposed
) -> None:
    quarantine = NotedQuarantine()
    runner = replace(runner, quarantine=quarantine)
    job = stores.accept(PERSON)

    def fail() -> None:
        raise InferenceFailed("NaN")

    segmenter.before = fail
    runner.run(job.queue)
    stores.clock.now += BACKOFF
    publish(stores.job_store)
    assert stores.job_store.claim(job.queue, "worker that dies") is not None
    stores.clock.advance(seconds=31)
    stores.job_store.rescue(10)
    publish(stores.job_store)
    segmenter.before = lambda: None
    runner.run(job.queue)

    assert stores.reread(job).status is JobStatus.SUCCEEDED
    assert quarantine.asked == [False, True]


def test_a_flood_of_interactive_jobs_leaves_bulk_its_share(
    runner: JobRunner, stores: Stores
) -> None:
    bulk = stores.job_store.create(new_job(queue=Queue.BULK))
    assert bulk is not None
    for _ in range(10):
        stores.accept(b"no photo")

    for _ in range(10):
        runner.run(Queue.INTERACTIVE)

    assert stores.reread(bulk).status is JobStatus.FAILED


def test_the_last_attempts_failure_is_the_jobs(
    runner: JobRunner, stores: Stores, segmenter: Interposed
) -> None:
    job = stores.accept(PERSON)

    def fail() -> None:
        raise InferenceFailed("NaN")

    segmenter.before = fail
    for _ in range(LIMITS.max_attempts):
        runner.run(job.queue)
        stores.clock.advance(minutes=1)
        publish(stores.job_store)

    failed = stores.reread(job)
    assert (failed.status, failed.error_code) == (JobStatus.FAILED, ErrorCode.PROCESSING_FAILURE)
    assert failed.error_message == ATTEMPTS_SPENT
    assert stores.announcer.announced == [job.id]


def test_a_message_that_comes_twice_is_worked_on_once(runner: JobRunner, stores: Stores) -> None:
    job = stores.accept(PERSON)

    runner.run(job.queue)
    runner.run(job.queue)

    assert stores.reread(job).attempt == 1
    assert stores.announcer.announced == [job.id]


def test_a_job_erased_while_it_runs_stays_so_and_leaves_no_bytes(
    runner: JobRunner, stores: Stores, segmenter: Interposed
) -> None:
    job = stores.accept(PERSON)

    def erase() -> None:
        assert stores.job_store.erase(job.id, job.tenant)
        stores.object_store.delete_input(job.id)
        stores.object_store.delete_results(job.id)

    segmenter.before = erase
    runner.run(job.queue)

    assert stores.reread(job).status is JobStatus.CANCELLED
    assert stores.announcer.announced == []
    assert stores.object_store.results == stores.object_store.inputs == {}


def test_an_attempt_that_lost_its_lease_deletes_its_own_outputs_and_no_others(
    runner: JobRunner, stores: Stores, segmenter: Interposed
) -> None:
    job = stores.accept(PERSON)

    def finish_elsewhere() -> None:
        stores.clock.advance(minutes=1)
        stores.job_store.rescue(10)
        publish(stores.job_store)
        second = stores.job_store.claim(job.queue, "worker-2")
        assert second is not None
        stores.object_store.put_result(second.lease, IMAGE, b"png")
        assert stores.job_store.complete(second.lease, {})

    segmenter.before = finish_elsewhere
    runner.run(job.queue)

    assert stores.reread(job).attempt == 2
    assert list(stores.object_store.results) == [(job.id, 2, IMAGE)]


def test_outputs_that_cannot_be_deleted_are_left_to_the_sweeper(
    runner: JobRunner, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = stores.accept(PERSON)

    def erase(*_: object) -> bool:
        stores.object_store.is_down = True
        return False

    monkeypatch.setattr(stores.job_store, "complete", erase)

    runner.run(job.queue)

    assert stores.object_store.results


@pytest.mark.parametrize(
    "error",
    [
        Refused(ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED, "no clothing"),
        InferenceFailed("it did not run"),
        ObjectStoreUnavailable("it does not answer"),
    ],
)
def test_an_attempt_that_fails_after_its_job_was_erased_changes_nothing(
    error: Exception, runner: JobRunner, stores: Stores, segmenter: Interposed
) -> None:
    job = stores.accept(PERSON)

    def erase_and_fail() -> NoReturn:
        stores.job_store.erase(job.id, job.tenant)
        raise error

    segmenter.before = erase_and_fail

    runner.run(job.queue)

    assert stores.reread(job).status is JobStatus.CANCELLED
    assert stores.announcer.announced == []


def test_a_job_has_succeeded_even_if_nobody_can_be_told_and_its_upload_stays(
    runner: JobRunner, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = stores.accept(PERSON)
    complete = stores.job_store.complete

    def complete_then_lose_both(*arguments: object) -> bool:
        stores.object_store.is_down = True
        return complete(*arguments)  # type: ignore[arg-type]

    def fail(*_: object) -> NoReturn:
        raise BrokerUnavailable("down")

    monkeypatch.setattr(stores.job_store, "complete", complete_then_lose_both)
    monkeypatch.setattr(stores.announcer, "announce", fail)

    runner.run(job.queue)

    assert stores.reread(job).status is JobStatus.SUCCEEDED
    assert job.id in stores.object_store.inputs


def test_a_database_that_is_away_at_the_end_is_waited_for(
    runner: JobRunner, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = stores.accept(PERSON)
    complete, tries = stores.job_store.complete, iter([DatabaseUnavailable("down")] * 2)

    def flaky(*arguments: object) -> bool:
        for trouble in tries:
            raise trouble
        return complete(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(stores.job_store, "complete", flaky)
    runner.run(job.queue)

    assert stores.reread(job).status is JobStatus.SUCCEEDED


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_claim_whose_answer_is_lost_costs_no_attempt(
    runner: JobRunner, stores: Stores, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    """It is asked for until the database answers; if it is there, its job is done, and else left to whoever is next."""
    job = stores.accept(PERSON)
    confirm, tries = stores.job_store.confirm, iter([DatabaseUnavailable("down")] * 2)

    def flaky(*arguments: object) -> bool:
        for trouble in tries:
            raise trouble
        return confirm(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(stores.job_store, "confirm", flaky)
    with monkeypatch.context() as lost:
        lost.setattr(stores.job_store, "claim", answerless(stores.job_store, is_committed))
        with nullcontext() if is_committed else pytest.raises(DatabaseUnavailable):
            runner.run(job.queue)

    if not is_committed:
        assert stores.reread(job).status is JobStatus.QUEUED
        runner.run(job.queue)
    done = stores.reread(job)
    assert (done.status, done.attempt, done.cut_offs) == (JobStatus.SUCCEEDED, 1, 0)


def answerless(store: JobStore, is_committed: bool) -> Callable[..., Job | None]:
    claim = store.claim

    def claim_in_vain(*arguments: Any) -> Job | None:
        with lost_answers(is_committed=is_committed):
            return claim(*arguments)

    return claim_in_vain


def test_an_object_store_that_is_away_costs_no_attempt_however_long(
    runner: JobRunner, stores: Stores
) -> None:
    job = stores.accept(PERSON)
    stores.object_store.is_down = True

    for _ in range(10):
        runner.run(job.queue)
        stores.clock.advance(minutes=1)
        publish(stores.job_store)
    assert stores.reread(job).status is JobStatus.QUEUED
    stores.object_store.is_down = False
    runner.run(job.queue)

    done = stores.reread(job)
    assert (done.status, done.attempt, done.releases) == (JobStatus.SUCCEEDED, 11, 10)


@pytest.fixture
def poison(
    runner: JobRunner, segmenter: Interposed, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Job], None]:
    """Run a job whose photo breaks the device, until the process would end."""

    def end(code: int) -> NoReturn:
        raise SystemExit(code)

    def break_down() -> None:
        raise DevicePoisoned("nothing runs")

    def run(job: Job) -> None:
        segmenter.before = break_down
        with pytest.raises(SystemExit, match="70"):
            runner.run(job.queue)
        segmenter.before = lambda: None

    monkeypatch.setattr("worker.watchdog.os._exit", end)
    monkeypatch.setattr("worker.watchdog._hand_backs", [runner.leases.release_all])
    return run


def test_a_poisoned_device_ends_the_process_and_costs_no_attempt(
    stores: Stores, poison: Callable[[Job], None]
) -> None:
    job = stores.accept(PERSON)

    poison(job)

    waiting = stores.reread(job)
    assert (waiting.status, waiting.attempt - waiting.releases) == (JobStatus.QUEUED, 0)


def test_who_was_there_when_the_device_was_poisoned_runs_alone_then_and_is_not_charged(
    runner: JobRunner, stores: Stores, poison: Callable[[Job], None]
) -> None:
    neighbour = stores.accept(PERSON)
    running = stores.job_store.claim(neighbour.queue, "worker-1")
    assert running is not None

    with runner.leases.hold(running.lease):
        poison(stores.accept(PERSON))

    waiting = stores.reread(neighbour)
    assert (waiting.status, waiting.attempt - waiting.releases) == (JobStatus.QUEUED, 0)
    assert waiting.cut_offs == 1
    publish(stores.job_store)
    runner.run(neighbour.queue)
    assert stores.reread(neighbour).status is JobStatus.SUCCEEDED


def test_a_photo_that_poisons_the_device_each_time_fails_after_three_attempts_alone(
    stores: Stores, poison: Callable[[Job], None]
) -> None:
    job = stores.accept(PERSON)

    for _ in range(1 + LIMITS.max_attempts):
        assert stores.reread(job).status is JobStatus.QUEUED
        poison(job)
        stores.clock.advance(minutes=1)
        publish(stores.job_store)

    failed = stores.reread(job)
    assert (failed.status, failed.error_code) == (JobStatus.FAILED, ErrorCode.PROCESSING_FAILURE)
    assert stores.announcer.announced == [job.id]


def test_a_photo_by_url_is_fetched_once_and_forgotten_with_its_url(
    runner: JobRunner, stores: Stores, shop: RawServer, segmenter: Interposed
) -> None:
    job = stores.accept_url(f"http://127.0.0.1:{shop.port}/a.png?signature=secret")
    tries = iter([InferenceFailed("NaN")])

    def fail_once() -> None:
        assert stores.object_store.inputs == {job.id: PERSON}
        for trouble in tries:
            raise trouble

    segmenter.before = fail_once
    runner.run(job.queue)
    stores.clock.advance(minutes=1)
    publish(stores.job_store)
    runner.run(job.queue)

    done = stores.reread(job)
    assert (done.status, done.attempt, done.image_url) == (JobStatus.SUCCEEDED, 2, None)
    assert len(shop.heard) == 1
    assert stores.object_store.inputs == {}


def test_a_url_that_does_not_answer_is_tried_again_and_fails_in_its_own_words(
    runner: JobRunner, stores: Stores, shop: RawServer
) -> None:
    shop.script = say(b"HTTP/1.1 503 Busy\r\n\r\n")
    job = stores.accept_url(f"http://127.0.0.1:{shop.port}/")

    for _ in range(LIMITS.max_attempts):
        runner.run(job.queue)
        stores.clock.advance(minutes=1)
        publish(stores.job_store)

    failed = stores.reread(job)
    assert (failed.status, failed.error_code) == (
        JobStatus.FAILED,
        ErrorCode.IMAGE_URL_UNREACHABLE,
    )
    assert "answers 503" in failed.error_message
    assert len(shop.heard) == LIMITS.max_attempts
    assert stores.announcer.announced == [job.id]


def test_a_url_that_leads_inside_fails_at_once(runner: JobRunner, stores: Stores) -> None:
    job = stores.accept_url("http://127.0.0.1:22/")

    runner.run(job.queue)

    failed = stores.reread(job)
    assert (failed.error_code, failed.attempt) == (ErrorCode.IMAGE_URL_NOT_ALLOWED, 1)


def test_a_job_that_cannot_fetch_now_comes_back_at_no_cost(
    runner: JobRunner, stores: Stores, shop: RawServer
) -> None:
    job = stores.accept_url(f"http://127.0.0.1:{shop.port}/")

    with runner.photos.slots:
        runner.run(job.queue)

    waiting = stores.reread(job)
    assert (waiting.status, waiting.attempt - waiting.releases) == (JobStatus.QUEUED, 0)
    assert not shop.heard


def test_a_photo_that_was_fetched_for_an_erased_job_is_not_kept(
    runner: JobRunner, stores: Stores, shop: RawServer
) -> None:
    job = stores.accept_url(f"http://127.0.0.1:{shop.port}/")

    def erase(client: socket.socket) -> None:
        assert stores.job_store.erase(job.id, job.tenant)
        stores.object_store.delete_input(job.id)
        client.sendall(ok(PERSON))

    shop.script = erase
    runner.run(job.queue)

    assert stores.reread(job).image_url is None
    assert stores.object_store.results == stores.object_store.inputs == {}


def test_an_attempt_is_counted_with_its_stages_and_its_job_with_its_age(
    runner: JobRunner, stores: Stores
) -> None:
    job = stores.accept(PERSON)
    stores.clock.advance(seconds=7)
    attempts = since("cutwork_job_attempts_total", outcome="succeeded")
    finished = since("cutwork_jobs_finished_total", outcome="succeeded", error_code="")
    waited = since("cutwork_job_queue_seconds_sum", queue=job.queue)
    age = since("cutwork_job_end_to_end_seconds_sum", queue=job.queue)
    ran = since("cutwork_job_run_seconds_sum")
    stages = [
        since("cutwork_job_stage_seconds_count", stage=it)
        for it in ("get", "decode", "cutout", "put")
    ]
    pixels, frames = since("cutwork_photo_pixels_total"), since("cutwork_inference_requests_total")

    runner.run(job.queue)

    assert (attempts(), finished(), waited()) == (1, 1, 7)
    assert [stage() for stage in stages] == [1] * 4
    assert pixels() == 512 * 512
    assert frames() >= 2
    assert ran() > 0
    assert age() == pytest.approx(7 + ran(), abs=0.5)


def test_what_becomes_of_an_attempt_that_does_not_succeed_is_counted(
    runner: JobRunner, stores: Stores, segmenter: Interposed
) -> None:
    outcomes = {
        it: since("cutwork_job_attempts_total", outcome=it)
        for it in ("failed", "retried", "postponed", "fenced")
    }
    code = ErrorCode.FILE_DECODING_FAILURE
    failed = since("cutwork_jobs_finished_total", outcome="failed", error_code=code)
    ignored = since("cutwork_duplicate_deliveries_total")

    stores.accept(PERSON[:5000])
    runner.run(Queue.INTERACTIVE)
    runner.run(Queue.INTERACTIVE)
    erased = stores.accept(PERSON)

    def erase() -> None:
        assert stores.job_store.erase(erased.id, erased.tenant)

    segmenter.before = erase
    runner.run(Queue.INTERACTIVE)
    stores.accept(PERSON)

    def fail() -> None:
        raise InferenceFailed("NaN")

    segmenter.before = fail
    runner.run(Queue.INTERACTIVE)
    stores.accept(PERSON)
    stores.object_store.is_down = True
    runner.run(Queue.INTERACTIVE)

    assert {it: count() for it, count in outcomes.items()} == dict.fromkeys(outcomes, 1)
    assert (failed(), ignored()) == (1, 1)
