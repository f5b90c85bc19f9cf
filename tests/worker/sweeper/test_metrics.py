from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from shared.job import Queue
from shared.jobs.store import JobStore
from shared.sql.database import Database
from tests.clock import Seconds
from tests.worker.conftest import LIMITS, Stores
from worker.sweeper.metrics import QueueMetrics

AGE = "cutwork_oldest_queued_job_age_seconds"


Read = Callable[..., float | None]


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def read(stores: Stores, seconds: Seconds) -> Read:
    registry = CollectorRegistry()
    registry.register(QueueMetrics(stores.job_store, 3, seconds))
    return lambda name, **labels: registry.get_sample_value(name, labels)


def test_live_jobs_are_counted_by_status_with_the_age_of_the_oldest(
    stores: Stores, read: Read
) -> None:
    for _ in range(3):
        stores.accept()
    stores.clock.advance(seconds=30)
    stores.job_store.claim(Queue.INTERACTIVE, "worker")
    stores.clock.advance(seconds=10)

    assert read("cutwork_jobs", status="queued") == 2
    assert read("cutwork_jobs", status="processing") == 1
    assert read(AGE) == 40


def test_an_empty_queue_has_no_age(read: Read) -> None:
    assert read("cutwork_jobs", status="queued") == 0
    assert read(AGE) == 0


def test_no_more_jobs_are_counted_than_may_wait(stores: Stores, read: Read) -> None:
    for _ in range(5):
        stores.accept()

    assert read("cutwork_jobs", status="queued") == 3


def test_the_table_is_read_once_in_five_seconds_however_many_ask(
    stores: Stores, read: Read, seconds: Seconds
) -> None:
    assert read("cutwork_jobs", status="queued") == 0
    stores.accept()

    assert read("cutwork_jobs", status="queued") == 0
    seconds.now += 5
    assert read("cutwork_jobs", status="queued") == 1


@pytest.fixture
def without_database(tmp_path: Path) -> Iterator[JobStore]:
    database = Database(f"sqlite:///{tmp_path}/gone/jobs.sqlite3")
    yield JobStore(database, LIMITS)
    database.close()


def test_while_the_database_is_away_other_metrics_are_told(without_database: JobStore) -> None:
    registry = CollectorRegistry()
    registry.register(QueueMetrics(without_database, 3))

    assert list(registry.collect()) == []
