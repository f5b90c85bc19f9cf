"""The waiting room: nobody misses an ending, nobody waits in the way of others."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from api.answers import long_poll
from api.answers.long_poll import LongPolls
from shared.errors import BrokerUnavailable
from shared.job import Job, JobStatus
from shared.jobs.store import JobStore
from shared.messaging.announcements import Announcer
from shared.settings.settings import Settings
from tests.api.conftest import FrontEnd, Logged
from tests.api.greenlets import assert_says
from tests.conditions import eventually
from tests.factories import new_job

Say = Callable[[uuid.UUID], None]


@pytest.fixture
def store(front_end: FrontEnd) -> JobStore:
    return front_end.services.job_store


@pytest.fixture
def job(store: JobStore) -> Job:
    job = store.create(new_job())
    assert job is not None
    return job


@pytest.fixture(autouse=True)
def no_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the fallback so slow that a test which relies on announcements fails without them."""
    monkeypatch.setattr(long_poll, "_FIRST_LOOK", 60.0)
    monkeypatch.setattr(long_poll, "_LAST_LOOK", 60.0)


def finish(store: JobStore, job: Job) -> None:
    claimed = store.claim(job.queue, "worker-1")
    assert claimed is not None
    assert claimed.id == job.id
    assert store.complete(claimed.lease, {})


class Waiter(threading.Thread):
    """A request that waits in a room."""

    def __init__(self, room: LongPolls, job: Job, seconds: float = 30) -> None:
        super().__init__()
        self._room, self._job, self._seconds = room, job, seconds
        self.answer: Job | None = None
        self.start()

    def run(self) -> None:
        self.answer = self._room.wait(self._job.id, self._job.tenant, self._seconds)

    def status(self) -> JobStatus:
        self.join(10)
        assert not self.is_alive()
        assert self.answer is not None
        return self.answer.status


def sits_in(room: LongPolls, job: Job) -> bool:
    return job.id in room._events


def test_an_announcement_wakes_all_who_wait_for_the_job_and_nobody_else(
    settings: Settings, store: JobStore, job: Job
) -> None:
    room = LongPolls(settings, store)
    other = store.create(new_job())
    assert other is not None
    first, second, bystander = Waiter(room, job), Waiter(room, job), Waiter(room, other)
    eventually(lambda: len(room._events.get(job.id, ())) == 2 and sits_in(room, other))
    finish(store, job)

    room.wake(job.id)

    assert first.status() is second.status() is JobStatus.SUCCEEDED
    assert bystander.is_alive()
    finish(store, other)
    room.wake(other.id)
    assert bystander.status() is JobStatus.SUCCEEDED
    assert not room._events


def test_a_job_that_finished_before_the_waiting_began_is_not_waited_for(
    settings: Settings, store: JobStore, job: Job
) -> None:
    finish(store, job)

    assert Waiter(LongPolls(settings, store), job).status() is JobStatus.SUCCEEDED


def test_an_ending_between_the_look_and_the_wait_is_not_missed(
    settings: Settings, store: JobStore, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = LongPolls(settings, store)
    real = store.find
    looks = 0

    def find(job_id: uuid.UUID, tenant: str) -> Job | None:
        nonlocal looks
        looks += 1
        found = real(job_id, tenant)
        if looks == 1:  # the worker finishes, and says so, before the waiter has gone to sleep
            finish(store, job)
            room.wake(job_id)
        return found

    monkeypatch.setattr(store, "find", find)

    assert Waiter(room, job).status() is JobStatus.SUCCEEDED
    assert looks == 2


def test_an_ending_that_nobody_announced_is_seen_in_the_job_table(
    settings: Settings, store: JobStore, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_poll, "_FIRST_LOOK", 0.01)
    monkeypatch.setattr(long_poll, "_LAST_LOOK", 0.05)
    room = LongPolls(settings, store)
    waiter = Waiter(room, job)
    eventually(lambda: sits_in(room, job))

    finish(store, job)

    assert waiter.status() is JobStatus.SUCCEEDED


def test_when_the_time_is_up_the_job_is_returned_as_it_is(
    settings: Settings, store: JobStore, job: Job
) -> None:
    began = time.monotonic()

    assert Waiter(LongPolls(settings, store), job, seconds=0.2).status() is JobStatus.QUEUED
    assert 0.2 <= time.monotonic() - began < 10


@pytest.mark.parametrize("changes", [{"waiting_slots": 1}])
def test_with_no_slot_free_the_job_is_returned_at_once(
    settings: Settings, store: JobStore, job: Job
) -> None:
    room = LongPolls(settings, store)
    sitting = Waiter(room, job)
    eventually(lambda: sits_in(room, job))

    assert Waiter(room, job).status() is JobStatus.QUEUED

    finish(store, job)
    room.wake(job.id)
    assert sitting.status() is JobStatus.SUCCEEDED
    again = store.create(new_job())
    assert again is not None
    sitting = Waiter(room, again)
    eventually(lambda: sits_in(room, again))  # the slot was given back
    finish(store, again)
    room.wake(again.id)
    sitting.join()


@pytest.mark.parametrize("seconds", [0, 30])
def test_an_unknown_job_is_not_waited_for(
    settings: Settings, store: JobStore, job: Job, seconds: float
) -> None:
    room = LongPolls(settings, store)

    assert room.wait(uuid.uuid4(), job.tenant, seconds) is None
    assert room.wait(job.id, "rival", seconds) is None


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (BrokerUnavailable("Redis does not answer"), "announcements.unheard"),
        (AttributeError("nobody foresaw it"), "announcements.fault"),
    ],
)
def test_the_listener_comes_back_after_every_break(
    error: Exception,
    event: str,
    settings: Settings,
    store: JobStore,
    job: Job,
    logged: Logged,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(long_poll, "_FIRST_RETRY", 0.001)
    calls = 0

    def listen(_: Settings, say: Say, is_stopping: Callable[[], bool]) -> None:
        nonlocal calls
        calls += 1
        if calls < 4:
            raise error
        say(job.id)
        eventually(is_stopping)

    room = LongPolls(settings, store, listen)
    waiter = Waiter(room, job)
    eventually(lambda: sits_in(room, job))
    finish(store, job)

    room.start()

    assert waiter.status() is JobStatus.SUCCEEDED
    assert [entry["event"] for entry in logged].count(event) == 3
    room.stop()


@pytest.fixture
def listening(
    settings: Settings, store: JobStore, request: pytest.FixtureRequest
) -> Iterator[LongPolls]:
    url = SecretStr(request.getfixturevalue("valkey").url)
    room = LongPolls(settings.model_copy(update={"redis_url": url}), store)
    room.start()
    yield room
    room.stop()
    eventually(lambda: "long-polls" not in [thread.name for thread in threading.enumerate()])


def test_what_a_worker_announces_over_redis_wakes_the_waiter(
    listening: LongPolls, store: JobStore, job: Job
) -> None:
    announcer = Announcer(listening._settings)
    waiter = Waiter(listening, job)
    eventually(lambda: sits_in(listening, job))
    finish(store, job)

    def is_awake() -> bool:
        announcer.announce(job.id)  # again, until the listener has subscribed
        return not waiter.is_alive()

    eventually(is_awake)
    assert waiter.status() is JobStatus.SUCCEEDED


GREENLETS = """
from gevent import monkey
monkey.patch_all()
import os, threading, gevent
from api.answers.long_poll import LongPolls
from shared.settings.settings import Settings

listener = []

def listen(settings, say, is_stopping):
    listener.append(gevent.getcurrent())
    while not is_stopping():
        gevent.sleep(0.01)

room = LongPolls(Settings(), None, listen)
room.start()
gevent.sleep(0.05)
assert isinstance(listener[0], gevent.Greenlet), listener
assert len(os.listdir("/proc/self/task")) == 1, "a thread of the system was started"
room.stop()
print("all greenlets")
"""


def test_under_gevents_patches_the_listener_is_a_greenlet() -> None:
    assert_says(GREENLETS, "all greenlets\n", within=60)
