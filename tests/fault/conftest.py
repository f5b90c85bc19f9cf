from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from deploy.local.servers.postgres import Postgres
from shared.settings.settings import Settings
from tests.fault.fleet import DatabaseKind, set_up
from tests.fault.site import Site
from tests.pictures import astronaut, jpeg

#: For tests of what the database decides.
ON_EACH = pytest.mark.parametrize("database", get_args(DatabaseKind))


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A person in an orange suit, small."""
    return jpeg(astronaut().resize((128, 128)))


@pytest.fixture
def database() -> DatabaseKind:
    """Which one an installation is on; `ON_EACH` parametrises it."""
    return "sqlite"


@pytest.fixture
def site(
    request: pytest.FixtureRequest, settings: Settings, database: DatabaseKind, tmp_path: Path
) -> Iterator[Site]:
    """An installation."""
    if database == "postgres":
        settings = on_postgres(settings, request.getfixturevalue("own_postgres"))
    with Site(settings, tmp_path / "site") as site:
        yield site
        site.close_books()


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL server that tests may stop, and that keeps what it committed."""
    with Postgres.temporary(fsync=True) as server:
        yield server


@pytest.fixture
def site_on_postgres(
    settings: Settings, own_postgres: Postgres, tmp_path: Path, changes: Mapping[str, Any]
) -> Iterator[Site]:
    """An installation on PostgreSQL, for tests that hurt the server."""
    with Site(on_postgres(settings, own_postgres), tmp_path / "site") as site:
        yield site
        site.close_books()


def on_postgres(settings: Settings, server: Postgres) -> Settings:
    """Make a database for an installation, and name it in its settings."""
    url = server.create_database(f"site_{settings.inputs_bucket.rpartition('-')[2]}")
    changed = settings.model_copy(update={"database_url": url})
    set_up(changed)
    return changed
