"""A front end with real tables on SQLite, everything else in memory, and a client that has a key."""

from __future__ import annotations

import io
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from limits.storage import MemoryStorage
from sqlalchemy import select, text
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from api.admission.last_uses import LastUses
from api.admission.rate_limiter import RateLimiter
from api.answers.long_poll import LongPolls
from api.app import create_app
from api.resilience.database_turnstile import DatabaseTurnstile
from api.resilience.redis_pool import redis_circuit
from api.routes.cutout import PATH as CUTOUT
from api.routes.query import PATH as QUERY
from api.services import Services
from shared.batches.store import BatchStore
from shared.job import Job, Queue
from shared.jobs.store import JobStore, limits_of
from shared.operations.overview import Lookout
from shared.operations.samples import Samples
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.sql.engine import connection_options_of, connections_of
from shared.sql.tables import jobs
from shared.tenants.audit import AuditLog
from shared.tenants.key_store import KeyStore
from shared.tenants.usage import Usage
from shared.webhooks.deliveries import Deliveries
from tests.api.document_check import CheckingClient
from tests.api.photos import photo
from tests.clock import HandClock
from tests.conditions import eventually
from tests.empty_database import create_empty
from tests.fakes import (
    InMemoryFleet,
    InMemoryObjectStore,
    RecordingBroker,
    UnsharedBacklogCache,
)

#: Events of the log, as they were written.
Logged = list[MutableMapping[str, Any]]


#: Python 3.11 fails now and then where threads make applications at once (its issue 106905).
_MAKING = threading.Lock()


@dataclass
class FrontEnd:
    """One front end, what it stands on, and a client's view of it."""

    settings: Settings
    services: Services
    object_store: InMemoryObjectStore
    broker: RecordingBroker
    clock: HandClock
    headers: dict[str, str] = field(default_factory=dict)

    def app(self) -> Flask:
        with _MAKING:
            app = create_app(self.settings, self.services)
        app.test_client_class = CheckingClient
        return app

    def client(self) -> FlaskClient:
        return self.app().test_client()

    def with_services(self, **changes: Any) -> FrontEnd:
        return replace(self, services=replace(self.services, **changes))

    def post(self, image: bytes | None = None, path: str = CUTOUT, **fields: Any) -> TestResponse:
        """Upload a photo; fields named `header_…` are headers."""
        headers = {
            k[7:].replace("_", "-"): fields.pop(k) for k in list(fields) if k[:7] == "header_"
        }
        content = photo() if image is None else image
        # By hand: werkzeug's test client would leave a temporary file open.
        boundary, body = encode_multipart(
            {**fields, "image": FileStorage(io.BytesIO(content), "upload")}
        )
        return self.post_raw(body, f"multipart/form-data; boundary={boundary}", path, **headers)

    def post_raw(
        self, body: bytes, content_type: str | None, path: str = CUTOUT, **headers: str
    ) -> TestResponse:
        """Send these very bytes, a little later than the last ones."""
        self.clock.advance(milliseconds=1)
        return self.client().post(
            path,
            input_stream=io.BytesIO(body),
            content_type=content_type,
            headers={"Content-Length": str(len(body)), **self.headers, **headers},
        )

    def submit(self, **fields: Any) -> uuid.UUID:
        """Upload a photo, wait for nothing, and return the task id."""
        answer = self.post(task_type="async", **fields)
        assert answer.status_code == 200, answer.text
        return uuid.UUID(answer.get_json()["task_id"])

    def query(self, task_id: object, **more: str) -> TestResponse:
        parameters = {"task_id": str(task_id), **more}
        return self.client().get(QUERY, query_string=parameters, headers=self.headers)

    def claim(self, job_id: uuid.UUID) -> Job:
        """Begin to work on a job, which must be the one whose turn it is."""
        for queue in Queue:
            job = self.services.job_store.claim(queue, "worker-1")
            if job is not None:
                assert job.id == job_id
                return job
        raise AssertionError("no job is due")

    def complete(self, job_id: uuid.UUID, shown: Mapping[Any, bool] | None = None) -> None:
        assert self.services.job_store.complete(self.claim(job_id).lease, shown or {})
        self.services.long_polls.wake(job_id)

    def job_ids(self) -> set[uuid.UUID]:
        with self.services.database.reading() as connection:
            return set(connection.execute(select(jobs.c.id)).scalars())

    def count_rows(self) -> int:
        with self.services.database.reading() as connection:
            return int(connection.execute(text("SELECT count(*) FROM jobs")).scalar_one())

    def key_for(self, tenant: str) -> dict[str, str]:
        return {"ailabapi-api-key": self.services.key_store.create(tenant)[1]}


@pytest.fixture
def changes() -> Mapping[str, Any]:
    """Settings that a test wants different: parametrise it."""
    return {}


@pytest.fixture
def settings(tmp_path: Path, changes: Mapping[str, Any]) -> Settings:
    """Nobody listens at any of these addresses, and no test here asks them."""
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/cutwork.sqlite3",
        inline_wait=10,
        sync_wait=10,
    )
    return settings.model_copy(update=changes)


@contextmanager
def opened(settings: Settings) -> Iterator[FrontEnd]:
    """Open a front end without any key."""
    clock = HandClock()
    create_empty(settings.database_url)
    turnstile = DatabaseTurnstile(connections_of(settings))
    database = Database(settings.database_url, connection_options_of(settings), turnstile.passing)
    job_store = JobStore(database, limits_of(settings), clock)
    key_store = KeyStore(database, clock)
    object_store, broker = InMemoryObjectStore(), RecordingBroker()
    services = Services(
        job_store=job_store,
        key_store=key_store,
        last_uses=LastUses(key_store),
        audit=AuditLog(database, clock),
        object_store=object_store,
        broker=broker,
        redis_circuit=redis_circuit(),
        database=database,
        deliveries=Deliveries(database, clock),
        batches=BatchStore(database, timedelta(seconds=settings.deadline), clock),
        usage=Usage(database, clock),
        lookout=Lookout(settings, job_store, broker, InMemoryFleet()),
        samples=Samples(database, clock),
        long_polls=LongPolls(settings, job_store),
        rate_limiter=RateLimiter(MemoryStorage(), settings.rate_per_minute),
        backlog_cache=UnsharedBacklogCache(),
    )
    yield FrontEnd(settings, services, object_store, broker, clock)
    database.close()


@pytest.fixture
def open_front_end(settings: Settings) -> Iterator[FrontEnd]:
    """A front end without any key."""
    with opened(settings) as front_end:
        yield front_end


@pytest.fixture
def front_end(open_front_end: FrontEnd) -> FrontEnd:
    """A front end with one key, which its client sends."""
    return replace(open_front_end, headers=open_front_end.key_for("shop"))


@pytest.fixture
def broken_job_store(settings: Settings, tmp_path: Path) -> Iterator[JobStore]:
    """A job table whose database cannot be reached."""
    database = Database(f"sqlite:///{tmp_path}/gone/cutwork.sqlite3")
    yield JobStore(database, limits_of(settings))
    database.close()


@pytest.fixture
def logged() -> Iterator[Logged]:
    """What is logged during the test."""
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as events:
        yield events


@pytest.fixture
def early() -> None:
    """A minute that does not end meanwhile: what it has counted weighs less from then on."""
    eventually(lambda: time.time() % 60 < 35)
