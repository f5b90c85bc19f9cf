from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

from shared.errors import DatabaseUnavailable
from shared.job import Lease
from shared.job_store import JobStore
from tests.conditions import eventually
from worker.lease import LeaseKeeper

LEASE = Lease(uuid.uuid4(), 1)


class BeatCounter:
    """Stands in for the job table; misses the first `misses` beats."""

    def __init__(self, misses: int = 0) -> None:
        self.beats: list[Lease] = []
        self._misses = misses

    def extend(self, lease: Lease) -> bool:
        self.beats.append(lease)
        if len(self.beats) <= self._misses:
            raise DatabaseUnavailable("down")
        return True


@contextmanager
def keeper(store: BeatCounter, hung: list[Lease], run_timeout: float = 60) -> Iterator[LeaseKeeper]:
    leases = LeaseKeeper(
        cast("JobStore", store),
        lease=timedelta(milliseconds=30),
        run_timeout=timedelta(seconds=run_timeout),
        on_hung=hung.append,
    )
    leases.start()
    yield leases
    leases.stop()


def test_a_held_lease_is_extended_again_and_again() -> None:
    store = BeatCounter()
    with keeper(store, []) as leases, leases.hold(LEASE):
        eventually(lambda: len(store.beats) >= 3)

    assert set(store.beats) == {LEASE}


def test_nothing_is_extended_once_the_job_is_done() -> None:
    store = BeatCounter()
    with keeper(store, []) as leases:
        with leases.hold(LEASE):
            assert leases.held() == [LEASE]
        assert leases.held() == []


def test_a_database_that_is_away_for_a_beat_does_not_stop_the_heart() -> None:
    store = BeatCounter(misses=2)
    with keeper(store, []) as leases, leases.hold(LEASE):
        eventually(lambda: len(store.beats) >= 4)


def test_an_attempt_that_outlives_its_time_is_reported_and_no_longer_extended() -> None:
    hung: list[Lease] = []
    store = BeatCounter()
    with keeper(store, hung, run_timeout=0.03) as leases, leases.hold(LEASE):
        eventually(lambda: hung)
        beats = len(store.beats)
        eventually(lambda: len(hung) >= 2)

        assert len(store.beats) == beats

    assert set(hung) == {LEASE}
