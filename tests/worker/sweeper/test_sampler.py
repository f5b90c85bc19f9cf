"""A sample a minute, whatever is away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from shared.errors import DatabaseUnavailable
from shared.jobs.store import JobStore
from shared.operations.fleet import Worker
from shared.operations.samples import Sample, Samples
from shared.sql.database import Database
from tests.clock import HandClock
from tests.empty_database import create_empty
from tests.factories import new_job
from tests.fakes import InMemoryFleet
from tests.worker.conftest import LIMITS
from worker.sweeper.sampler import Sampler

WORKER = Worker(name="w", release="1", model="net", provider="cpu", hands=2, busy=0, up_seconds=1)


@pytest.fixture
def sampler(tmp_path: Path, clock: HandClock) -> Iterator[Sampler]:
    url = f"sqlite:///{tmp_path}/jobs.sqlite3"
    create_empty(url)
    database = Database(url)
    fleet = InMemoryFleet()
    fleet.say(WORKER)
    yield Sampler(Samples(database, clock), JobStore(database, LIMITS, clock), fleet)
    database.close()


def taken(sampler: Sampler) -> list[Sample]:
    return sampler.samples.read(timedelta(hours=1))


def test_a_minute_has_one_sample_however_often_it_is_asked_for(
    sampler: Sampler, clock: HandClock
) -> None:
    sampler.job_store.create(new_job())
    for _ in range(2):
        assert not sampler.run()
    clock.advance(minutes=1)
    sampler.run()

    first, second = taken(sampler)

    assert second.minute - first.minute == timedelta(minutes=1)
    assert (first.queued, first.fleet) == (1, {WORKER.kind: 1})


def test_without_redis_a_sample_says_that_the_workers_are_not_known(sampler: Sampler) -> None:
    assert isinstance(sampler.fleet, InMemoryFleet)
    sampler.fleet.is_down = True

    assert not sampler.run()

    assert [sample.fleet for sample in taken(sampler)] == [None]


def test_without_the_database_a_round_takes_no_sample_and_the_next_one_does(
    sampler: Sampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise DatabaseUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(sampler.samples, "take", fail)
        assert not sampler.run()
    assert not sampler.run()

    assert len(taken(sampler)) == 1
