from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy.exc import ProgrammingError
from structlog.testing import capture_logs

from shared.errors import DatabaseUnavailable
from shared.job import Lease
from shared.jobs.store import JobStore
from tests.conditions import eventually
from worker.jobs.lease import LeaseKeeper

LEASE = Lease(uuid.uuid4(), 1)


class BeatCounter:
    """Stands in for the job table; the first beats fail with these errors, the next so many are refused."""

    def __init__(self, *errors: Exception, refusals: int = 0) -> None:
        self.beats: list[Lease] = []
        self._errors = list(errors)
        self._kept_from = refusals + len(errors)

    def extend(self, lease: Lease) -> bool:
        self.beats.append(lease)
        if self._errors:
            raise self._errors.pop()
        return len(self.beats) > self._kept_from


@contextmanager
def keeper(store: BeatCounter) -> Iterator[LeaseKeeper]:
    leases = LeaseKeeper(cast("JobStore", store), timedelta(milliseconds=30))
    leases.start()
    yield leases
    leases.stop()


def test_a_held_lease_is_extended_again_and_again() -> None:
    store = BeatCounter()
    with keeper(store) as leases, leases.hold(LEASE):
        eventually(lambda: len(store.beats) >= 3)

    assert set(store.beats) == {LEASE}


def test_nothing_is_extended_once_the_job_is_done() -> None:
    store = BeatCounter()
    with keeper(store) as leases:
        with leases.hold(LEASE):
            assert leases.held() == [LEASE]
        assert leases.held() == []


@pytest.mark.parametrize(
    "error", [DatabaseUnavailable("down"), ProgrammingError("extend", {}, Exception("a bug"))]
)
def test_whatever_makes_a_beat_fail_does_not_stop_the_heart(error: Exception) -> None:
    store = BeatCounter(error, error)
    with keeper(store) as leases, leases.hold(LEASE):
        eventually(lambda: len(store.beats) >= 4)

        assert leases.seconds_late() < 1


def test_a_lease_that_is_refused_again_and_again_is_told_as_lost_once() -> None:
    store = BeatCounter(refusals=100)
    with capture_logs() as logs, keeper(store) as leases, leases.hold(LEASE):
        eventually(lambda: len(store.beats) >= 5)

    lost = [it for it in logs if it["event"] == "lease.lost"]
    assert [(it["task_id"], it["attempt"]) for it in lost] == [(str(LEASE.job_id), LEASE.attempt)]


def test_one_refusal_alone_may_be_a_job_that_ended_a_moment_ago() -> None:
    store = BeatCounter(refusals=1)
    with capture_logs() as logs, keeper(store) as leases, leases.hold(LEASE):
        eventually(lambda: len(store.beats) >= 3)

    assert logs == []


def test_a_heart_that_stopped_is_infinitely_late() -> None:
    with keeper(BeatCounter()) as leases:
        assert leases.seconds_late() < 1

    assert leases.seconds_late() == math.inf


def test_attempts_are_told_by_how_long_they_have_run() -> None:
    with keeper(BeatCounter()) as leases, leases.hold(LEASE):
        assert leases.held_for(timedelta(minutes=1)) == []
        assert leases.held_for(timedelta(0)) == [LEASE]
