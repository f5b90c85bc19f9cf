"""Forecasts: a job's place, how long it will take, and when to ask again; read once for thousands who poll."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from sqlalchemy import event

from api.admission.backlog_gauge import BacklogGauge
from api.answers import queue_forecast
from api.answers.queue_forecast import LATEST, Forecast, QueueForecast, ask_again_after
from api.routes.cutout import PATH as CUTOUT
from api.routes.jobs import PATH as JOBS
from shared.errors import DatabaseUnavailable, ErrorCode
from shared.job import Job, Place, Queue
from shared.jobs.store import JobStore
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success, check_shape
from tests.clock import Seconds
from tests.factories import new_job


@pytest.fixture
def store(front_end: FrontEnd) -> JobStore:
    return front_end.services.job_store


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def forecast(front_end: FrontEnd, store: JobStore, seconds: Seconds) -> QueueForecast:
    gauge = BacklogGauge(front_end.settings, store, front_end.services.backlog_cache, seconds)
    return QueueForecast(front_end.settings, store, gauge, seconds)


def stored(front_end: FrontEnd, count: int = 1, **changes: object) -> list[Job]:
    """Store jobs, a millisecond after each other."""
    jobs = []
    for _ in range(count):
        front_end.clock.advance(milliseconds=1)
        job = front_end.services.job_store.create(new_job(**changes))
        assert job is not None
        jobs.append(job)
    return jobs


def finish(front_end: FrontEnd, count: int, queue: Queue = Queue.INTERACTIVE) -> None:
    for _ in range(count):
        job = front_end.services.job_store.claim(queue, "worker-1")
        assert job is not None
        assert front_end.services.job_store.complete(job.lease, {})


def position(forecast: QueueForecast, job: Job) -> int:
    found = forecast.of(job)
    assert found is not None
    return found.position


def reread(store: JobStore, job: Job) -> Job:
    found = store.find(job.id, job.tenant)
    assert found is not None
    return found


def test_positions_are_the_order_of_the_claims(
    front_end: FrontEnd, store: JobStore, forecast: QueueForecast
) -> None:
    waiting = [
        *stored(front_end, 5, queue=Queue.BULK, tenant="importer"),
        *stored(front_end, 2, queue=Queue.BULK, tenant="shop"),
        *stored(front_end, 3, queue=Queue.INTERACTIVE),
    ]
    positions = {job.id: position(forecast, job) for job in waiting}

    claimed = [
        store.claim(queue, "worker-1")
        for queue, count in ((Queue.INTERACTIVE, 3), (Queue.BULK, 7))
        for _ in range(count)
    ]

    assert [positions[job.id] for job in claimed if job] == list(range(1, 11))


def test_each_job_of_a_burst_is_behind_the_one_before(
    front_end: FrontEnd, forecast: QueueForecast
) -> None:
    """Each is asked for as soon as it is stored, and the queue was read when the first one was."""
    for place in range(1, 31):
        [job] = stored(front_end, queue=Queue.BULK, tenant="importer")
        assert position(forecast, job) == place


def test_a_flood_of_interactive_jobs_leaves_a_bulk_job_the_tenth_claim(
    front_end: FrontEnd, forecast: QueueForecast
) -> None:
    flood = stored(front_end, 200, queue=Queue.INTERACTIVE)
    bulk = stored(front_end, 3, queue=Queue.BULK)

    assert [position(forecast, job) for job in bulk] == [10, 20, 30]
    assert position(forecast, flood[0]) == 1
    assert position(forecast, flood[9]) == 11
    assert position(forecast, flood[-1]) == 203


def test_a_flood_longer_than_the_head_that_is_read_counts_as_long_as_it_is(
    front_end: FrontEnd, forecast: QueueForecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_forecast, "HEAD", 10)
    *_, last = stored(front_end, 200, queue=Queue.INTERACTIVE)
    bulk = stored(front_end, 30, queue=Queue.BULK)

    assert [position(forecast, job) for job in bulk[:10]] == list(range(10, 110, 10))
    assert position(forecast, last) == pytest.approx(222, abs=2)
    assert position(forecast, bulk[-1]) == pytest.approx(230, abs=2)


def test_a_flood_too_long_to_be_counted_is_at_least_as_long_as_was_counted(
    front_end: FrontEnd, forecast: QueueForecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_forecast, "HEAD", 10)
    monkeypatch.setattr(queue_forecast, "COUNTED", 50)
    stored(front_end, 200, queue=Queue.INTERACTIVE)
    bulk = stored(front_end, 9, queue=Queue.BULK)

    assert [position(forecast, job) for job in bulk] == [10, 20, 30, 40, 50, 56, 57, 58, 59]


def test_a_place_behind_the_head_follows_the_turns_of_the_head(
    front_end: FrontEnd, forecast: QueueForecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_forecast, "HEAD", 10)
    waiting = [
        job
        for _ in range(20)
        for tenant in ("importer", "shop")
        for job in stored(front_end, tenant=tenant)
    ]

    positions = [position(forecast, job) for job in waiting]

    assert positions[:10] == list(range(1, 11))
    assert all(abs(found - true) <= 6 for true, found in enumerate(positions, 1))
    assert positions == sorted(positions)


def test_a_place_behind_the_head_is_never_behind_all_that_wait(
    front_end: FrontEnd, forecast: QueueForecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head has two tenants, so turns follow each other slowly there; behind it there is one."""
    monkeypatch.setattr(queue_forecast, "HEAD", 4)
    stored(front_end, 2, tenant="shop")
    *_, last = stored(front_end, 30, tenant="importer")

    assert 5 <= position(forecast, last) <= 32


def test_a_bulk_job_is_never_behind_more_than_all_that_wait(
    front_end: FrontEnd, forecast: QueueForecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_forecast, "HEAD", 4)
    stored(front_end, 6)
    stored(front_end, 2, queue=Queue.BULK, tenant="shop")
    *_, last = stored(front_end, 30, queue=Queue.BULK, tenant="importer")

    assert 9 <= position(forecast, last) <= 38


def test_a_head_of_one_turn_is_one_turn_of_all_that_follow(
    front_end: FrontEnd, forecast: QueueForecast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_forecast, "HEAD", 4)
    for tenant in range(4):
        stored(front_end, tenant=f"tenant {tenant}")
    *_, last = [
        job
        for _ in range(5)
        for tenant in range(4)
        for job in stored(front_end, tenant=f"tenant {tenant}")
    ]

    assert position(forecast, last) == 21


@pytest.mark.parametrize(
    ("waited", "finished", "estimate"),
    [
        # At work for ten minutes, a job each second: the 61st job is due in a minute.
        (600, 60, 61.0),
        # Idle before, at work for five seconds: the minute's count is of these.
        (5, 60, 61 * 5 / 60),
        # Idle before: nothing is known yet, so nobody is told to stay away.
        (0, 1, 61.0),
        (0, 0, 1.0),
        # Nothing was finished in the last minute.
        (600, 0, 600.0),
    ],
)
def test_an_estimate_is_the_place_by_the_pace(
    front_end: FrontEnd,
    store: JobStore,
    forecast: QueueForecast,
    waited: int,
    finished: int,
    estimate: float,
) -> None:
    stored(front_end, finished)
    *_, last = stored(front_end, 61)
    front_end.clock.advance(seconds=waited)
    finish(front_end, finished)
    last = reread(store, last)

    found = forecast.of(last)

    assert found is not None
    assert found.position == 61
    assert found.seconds == pytest.approx(estimate, rel=0.1)


def test_no_job_is_expected_later_than_its_deadline(
    front_end: FrontEnd, store: JobStore, forecast: QueueForecast
) -> None:
    deadline = front_end.settings.deadline
    *_, last = stored(front_end, 300)
    front_end.clock.advance(seconds=deadline - 100)
    stored(front_end, 1, queue=Queue.INTERACTIVE, tenant="rival")
    finish(front_end, 1)
    last = reread(store, last)

    found = forecast.of(last)

    assert found is not None
    assert found.seconds == pytest.approx(100, abs=1)


@pytest.mark.parametrize(
    ("seconds", "again"),
    [(0, 1), (0.3, 1), (1, 1), (3.9, 1), (4, 2), (20, 10), (119, 59), (121, 60), (10_000, 60)],
)
def test_a_poll_comes_half_way_and_within_bounds(seconds: float, again: int) -> None:
    assert ask_again_after(seconds) == again


def test_thousands_who_poll_cost_one_reading_in_two_seconds(
    front_end: FrontEnd, store: JobStore, forecast: QueueForecast, seconds: Seconds
) -> None:
    [job] = stored(front_end)
    statements = statements_of(front_end)

    for _ in range(1000):
        forecast.of(job)
    once = statements()
    seconds.now += 1.9
    forecast.of(job)
    assert statements() == 0
    seconds.now += 0.2
    forecast.of(job)
    assert 0 < statements() <= once


def statements_of(front_end: FrontEnd) -> Callable[[], int]:
    """Make a counter of statements that begins anew each time it is read."""
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    def read() -> int:
        count = len(seen)
        seen.clear()
        return count

    event.listen(front_end.services.database.engine, "before_cursor_execute", note)
    return read


def test_a_poll_of_a_waiting_job_costs_no_more_statements_than_of_a_running_one(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_forecast, "_FRESH_SECONDS", 3600.0)
    running = front_end.submit()
    front_end.claim(running)
    waiting = front_end.submit()
    client = front_end.client()

    def polls(job_id: uuid.UUID) -> None:
        for _ in range(50):
            answer = client.get(f"{JOBS}/{job_id}", headers=front_end.headers)
            assert answer.status_code == 200

    polls(waiting)  # the first one reads
    statements = statements_of(front_end)
    polls(running)
    for_running = statements()
    polls(waiting)

    assert for_running >= 50
    assert statements() == for_running


def test_while_one_reads_the_others_go_on_with_what_is_known(
    front_end: FrontEnd,
    store: JobStore,
    forecast: QueueForecast,
    seconds: Seconds,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    [job] = stored(front_end)
    is_reading, may_go_on = threading.Event(), threading.Event()
    real = store.read_head

    def read_head(queue: Queue, limit: int) -> list[Place]:
        is_reading.set()
        assert may_go_on.wait(30)
        return real(queue, limit)

    monkeypatch.setattr(store, "read_head", read_head)
    reader = threading.Thread(target=forecast.of, args=(job,))
    reader.start()
    assert is_reading.wait(30)

    assert forecast.of(job) is None
    may_go_on.set()
    reader.join()
    assert forecast.of(job) == Forecast(1, 1.0)


def test_while_one_reads_the_others_are_told_nothing_that_is_old(
    front_end: FrontEnd,
    store: JobStore,
    forecast: QueueForecast,
    seconds: Seconds,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody polled for an hour: what was true then is no answer."""
    [job] = stored(front_end)
    assert forecast.of(job) == Forecast(1, 1.0)
    seconds.now += 3600
    seen_meanwhile: list[Forecast | None] = []
    real = store.read_head

    def read_head(queue: Queue, limit: int) -> list[Place]:
        seen_meanwhile.append(forecast.of(job))
        return real(queue, limit)

    monkeypatch.setattr(store, "read_head", read_head)

    assert forecast.of(job) == Forecast(1, 1.0)
    assert seen_meanwhile == [None, None]


def test_a_database_that_could_not_be_read_is_left_alone_for_two_seconds(
    front_end: FrontEnd,
    store: JobStore,
    forecast: QueueForecast,
    seconds: Seconds,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each look may take as long as a statement may: not one for each poll."""
    [job] = stored(front_end)
    looks: list[Queue] = []

    def fail(queue: Queue, _limit: int) -> list[Place]:
        looks.append(queue)
        raise DatabaseUnavailable("slow")

    monkeypatch.setattr(store, "read_head", fail)

    assert [forecast.of(job) for _ in range(100)] == [None] * 100
    assert len(looks) == 1
    seconds.now += 2.1
    assert forecast.of(job) is None
    assert len(looks) == 2


def test_what_cannot_be_read_costs_no_answer(
    front_end: FrontEnd, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(store, "read_head", fail)

    answer = front_end.query(front_end.submit())

    assert "queue" not in assert_success(answer, task_status=0)
    assert answer.headers["Retry-After"] == "1"


def test_a_waiting_job_tells_its_place_and_an_estimate_on_both_faces(front_end: FrontEnd) -> None:
    front_end.submit()
    job_id = front_end.submit()

    old = front_end.query(job_id)
    new = front_end.client().get(f"{JOBS}/{job_id}", headers=front_end.headers)

    assert check_shape(old)["queue"] == check_shape(new)["queue"]
    assert check_shape(new)["queue"] == {"position": 2, "estimated_seconds": 1}
    assert old.headers["Retry-After"] == new.headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", [CUTOUT, JOBS])
def test_a_post_that_nobody_waits_for_tells_the_place_too(front_end: FrontEnd, path: str) -> None:
    body = check_shape(front_end.post(path=path, task_type="async"))

    assert body["queue"] == {"position": 1, "estimated_seconds": 1}


def test_the_last_of_an_import_is_told_to_come_later_and_the_first_soon(
    front_end: FrontEnd,
) -> None:
    first, *_, last = stored(front_end, 300, queue=Queue.BULK)
    front_end.clock.advance(seconds=600)
    stored(front_end, 60, queue=Queue.INTERACTIVE, tenant="rival")
    finish(front_end, 60)

    answers = {job.id: front_end.query(job.id) for job in (first, last)}

    assert answers[first.id].headers["Retry-After"] == "1"
    assert answers[last.id].headers["Retry-After"] == str(LATEST)
    assert answers[last.id].get_json()["queue"] == {"position": 300, "estimated_seconds": 300}


def test_a_job_that_does_not_wait_has_no_place(front_end: FrontEnd) -> None:
    job_id = front_end.submit()
    lease = front_end.claim(job_id).lease
    running = front_end.query(job_id)
    front_end.services.job_store.fail(lease, ErrorCode.FILE_DECODING_FAILURE, "Broken.")
    failed = front_end.query(job_id)

    assert "queue" not in assert_success(running, task_status=1)
    assert running.headers["Retry-After"] == "1"
    assert "queue" not in assert_error(failed, 422, ErrorCode.FILE_DECODING_FAILURE)
