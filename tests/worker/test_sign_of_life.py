"""A worker says what it is and how busy it is, for as long as it lives, and a Redis that is away does no harm."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import NoReturn

import pytest

from shared.job import Queue
from shared.operations import fleet as of_fleet
from shared.operations.fleet import Worker
from tests.conditions import eventually
from tests.fakes import InMemoryFleet
from tests.worker.conftest import Stores
from worker import sign_of_life
from worker.jobs.lease import LeaseKeeper
from worker.sign_of_life import SignOfLife

WORKER = Worker(
    name="gpu-3:1", release="0.1.0", model="net", provider="cpu", hands=2, busy=0, up_seconds=0
)


@pytest.fixture
def fleet() -> InMemoryFleet:
    return InMemoryFleet()


@pytest.fixture
def leases(stores: Stores) -> LeaseKeeper:
    return LeaseKeeper(stores.job_store, timedelta(seconds=30))


@pytest.fixture
def sign(
    fleet: InMemoryFleet, leases: LeaseKeeper, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SignOfLife]:
    monkeypatch.setattr(sign_of_life, "BEAT_SECONDS", 0.01)
    sign = SignOfLife(fleet, WORKER, leases)
    yield sign
    sign.end()


def test_a_worker_says_how_busy_it_is_and_leaves(
    sign: SignOfLife, fleet: InMemoryFleet, leases: LeaseKeeper, stores: Stores
) -> None:
    stores.accept()
    job = stores.job_store.claim(Queue.INTERACTIVE, "me")
    assert job is not None
    sign.start()
    eventually(lambda: fleet.said.get("gpu-3:1") is not None)

    with leases.hold(job.lease):
        eventually(lambda: fleet.said["gpu-3:1"].busy == 1)
    eventually(lambda: fleet.said["gpu-3:1"].busy == 0)

    sign.end()
    assert fleet.said == {}


def test_a_worker_goes_on_while_redis_is_away_and_says_so_again_after(
    sign: SignOfLife, fleet: InMemoryFleet
) -> None:
    fleet.is_down = True
    sign.start()

    fleet.is_down = False

    eventually(lambda: "gpu-3:1" in fleet.said)
    assert of_fleet.BEAT_SECONDS < of_fleet.SILENT_SECONDS


def test_whatever_makes_a_sign_fail_the_next_one_is_given(
    sign: SignOfLife, fleet: InMemoryFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def fail(_: Worker) -> NoReturn:
        failed.set()
        raise AttributeError("nobody foresaw it")

    with monkeypatch.context() as patch:
        patch.setattr(fleet, "say", fail)
        sign.start()
        assert failed.wait(10)

    eventually(lambda: "gpu-3:1" in fleet.said)
