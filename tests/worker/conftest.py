"""A worker's stores: the real job table on SQLite, and stand-ins for the rest."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.database import Database
from shared.job_store import JobStore, Limits
from shared.schema import migrate
from tests.clock import HandClock
from tests.fakes import InMemoryObjectStore, RecordingBroker

LIMITS = Limits(lease=timedelta(seconds=30), max_attempts=3, deadline=timedelta(hours=1))


class RecordingAnnouncer:
    """Remembers what was announced."""

    def __init__(self) -> None:
        self.announced: list[uuid.UUID] = []

    def announce(self, job_id: uuid.UUID) -> None:
        self.announced.append(job_id)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def job_store(tmp_path: Path, clock: HandClock) -> Iterator[JobStore]:
    database = Database(f"sqlite:///{tmp_path}/jobs.sqlite3")
    migrate(database)
    yield JobStore(database, LIMITS, clock)
    database.close()


@pytest.fixture
def object_store() -> InMemoryObjectStore:
    return InMemoryObjectStore()


@pytest.fixture
def broker() -> RecordingBroker:
    return RecordingBroker()


@pytest.fixture
def announcer() -> RecordingAnnouncer:
    return RecordingAnnouncer()
