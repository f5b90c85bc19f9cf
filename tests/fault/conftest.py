from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.local.servers.postgres import Postgres
from shared.settings.settings import Settings
from tests.fault.fleet import set_up
from tests.fault.site import Site
from tests.pictures import astronaut, jpeg


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A person in an orange suit, small."""
    return jpeg(astronaut().resize((128, 128)))


@pytest.fixture
def site(settings: Settings, tmp_path: Path) -> Iterator[Site]:
    """An installation on SQLite."""
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
    """An installation on PostgreSQL."""
    name = f"site_{settings.inputs_bucket.rpartition('-')[2]}"
    on_postgres = settings.model_copy(update={"database_url": own_postgres.create_database(name)})
    set_up(on_postgres)
    with Site(on_postgres, tmp_path / "site") as site:
        yield site
        site.close_books()
