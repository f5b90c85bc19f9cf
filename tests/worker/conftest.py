"""A worker's stores: the real job table on SQLite, and stand-ins for the rest."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from shared.job import CutoutOptions, Job
from shared.jobs.store import JobStore, Limits
from shared.sql.database import Database
from shared.wire.contract import Category
from tests.clock import HandClock
from tests.empty_database import create_empty
from tests.factories import new_job
from tests.fakes import InMemoryObjectStore, RecordingBroker

LIMITS = Limits(lease=timedelta(seconds=30), max_attempts=3, deadline=timedelta(hours=1))


class RecordingAnnouncer:
    """Remembers what was announced."""

    def __init__(self) -> None:
        self.announced: list[uuid.UUID] = []

    def announce(self, job_id: uuid.UUID) -> None:
        self.announced.append(job_id)


@dataclass(frozen=True)
class Stores:
    """All that a worker keeps things in, and the clock that they go by."""

    job_store: JobStore
    object_store: InMemoryObjectStore
    broker: RecordingBroker
    announcer: RecordingAnnouncer
    clock: HandClock

    def accept(self, photo: bytes = b"photo", *classes: Category) -> Job:
        """Do what the front end does, short of publishing."""
        new = new_job(options=CutoutOptions(cloth_class=classes))
        self.object_store.put_input(new.id, photo)
        job = self.job_store.create(new)
        assert job is not None
        return job

    def accept_url(self, url: str) -> Job:
        """Do what the front end does with a photo that is to be fetched."""
        job = self.job_store.create(new_job(input_bytes=0, image_url=url))
        assert job is not None
        return job

    def reread(self, job: Job) -> Job:
        found = self.job_store.find(job.id, job.tenant)
        assert found is not None
        return found


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def job_store(tmp_path: Path, clock: HandClock) -> Iterator[JobStore]:
    url = f"sqlite:///{tmp_path}/jobs.sqlite3"
    create_empty(url)
    database = Database(url)
    yield JobStore(database, LIMITS, clock)
    database.close()


@pytest.fixture
def object_store() -> InMemoryObjectStore:
    return InMemoryObjectStore()


@pytest.fixture
def stores(job_store: JobStore, object_store: InMemoryObjectStore, clock: HandClock) -> Stores:
    return Stores(job_store, object_store, RecordingBroker(), RecordingAnnouncer(), clock)
