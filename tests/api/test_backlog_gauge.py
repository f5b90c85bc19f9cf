"""The gauge: one count a second is enough for all uploads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.backlog_gauge import BacklogGauge
from shared.backlog import Backlog
from shared.errors import DatabaseUnavailable
from shared.job_store import JobStore


class CountedJobStore(JobStore):
    """Has as many jobs waiting as a test says, and remembers how often it was asked."""

    def __init__(self) -> None:
        self.queued = 5
        self.asked: list[str | None] = []
        self.is_down = False

    def measure_backlog(self, tenant: str | None) -> Backlog:
        if self.is_down:
            raise DatabaseUnavailable("gone")
        self.asked.append(tenant)
        return Backlog(queued=self.queued, oldest_age=timedelta(0), finished_lately=0)


class Seconds:
    """A monotonic clock that moves when a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store() -> CountedJobStore:
    return CountedJobStore()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def gauge(store: CountedJobStore, seconds: Seconds) -> BacklogGauge:
    return BacklogGauge(store, seconds)


def test_jobs_are_counted_once_a_second_and_tenant(
    gauge: BacklogGauge, store: CountedJobStore, seconds: Seconds
) -> None:
    for _ in range(100):
        gauge.read("shop")
        gauge.read(None)
    seconds.now = 0.9
    gauge.read("shop")
    assert store.asked == ["shop", None]

    seconds.now = 1.0
    gauge.read("shop")

    assert store.asked == ["shop", None, "shop"]


def test_what_was_let_in_since_the_count_is_added_to_it(
    gauge: BacklogGauge, store: CountedJobStore, seconds: Seconds
) -> None:
    gauge.read("shop")
    gauge.read("rival")
    gauge.read(None)

    gauge.let_in("shop")
    gauge.let_in("shop")

    assert [gauge.read(tenant).queued for tenant in ("shop", "rival", None)] == [7, 5, 7]
    seconds.now, store.queued = 1.0, 6
    assert gauge.read("shop").queued == 6


def test_who_asks_while_another_counts_gets_the_old_count(
    gauge: BacklogGauge,
    store: CountedJobStore,
    seconds: Seconds,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gauge.read("shop")
    seconds.now, store.queued = 1.0, 9
    meanwhile: list[int] = []
    real = store.measure_backlog

    def measure(tenant: str | None) -> Backlog:
        meanwhile.append(gauge.read(tenant).queued)
        return real(tenant)

    monkeypatch.setattr(store, "measure_backlog", measure)

    assert gauge.read("shop").queued == 9
    assert meanwhile == [5]


def test_jobs_that_cannot_be_counted_are_no_empty_queue(
    gauge: BacklogGauge, store: CountedJobStore
) -> None:
    store.is_down = True

    with pytest.raises(DatabaseUnavailable):
        gauge.read("shop")
