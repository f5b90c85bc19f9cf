"""What every store is held to: the same tests on each database, each starting empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import trustme
from sqlalchemy import text

from deploy.local.servers.postgres import Postgres
from shared.jobs.store import JobStore, Limits
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.tenants.audit import AuditLog
from shared.tenants.key_store import KeyStore
from shared.tenants.usage import Usage
from tests.clock import HandClock

LIMITS = Limits(lease=timedelta(seconds=30), max_attempts=3, deadline=timedelta(hours=1))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/jobs.sqlite3"
    server: Postgres = request.getfixturevalue("postgres")
    return server.url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    migrate(database)
    with database.writing() as connection:
        connection.execute(text("DELETE FROM jobs"))
        connection.execute(text("DELETE FROM webhook_deliveries"))
        connection.execute(text("DELETE FROM api_keys"))
        connection.execute(text("DELETE FROM batch_items"))
        connection.execute(text("DELETE FROM batches"))
        connection.execute(text("DELETE FROM usage_days"))
        connection.execute(text("DELETE FROM audit_log"))
        connection.execute(text("DELETE FROM samples"))
    yield database
    database.close()


@pytest.fixture
def job_store(database: Database, clock: HandClock) -> JobStore:
    return JobStore(database, LIMITS, clock)


@pytest.fixture
def key_store(database: Database, clock: HandClock) -> KeyStore:
    return KeyStore(database, clock)


@pytest.fixture
def usage(database: Database, clock: HandClock) -> Usage:
    return Usage(database, clock)


@pytest.fixture
def audit(database: Database, clock: HandClock) -> AuditLog:
    return AuditLog(database, clock)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Of certificates, and known to nobody."""
    return trustme.CA()


@pytest.fixture(scope="module")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file
