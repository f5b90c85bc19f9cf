"""Real servers, started once for all tests that ask for them, and settings that point at them."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
import redis
from pydantic import SecretStr

from deploy.local.processes.process import Process
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.server import Server
from deploy.local.servers.valkey import Valkey
from shared.objects.store import ObjectStore
from shared.settings.settings import Settings
from tests.empty_database import create_empty
from tests.given import DATABASE, OPTIONS, REDIS, S3, GivenPostgres, GivenRedis, GivenStore, select
from tests.operator_client import OperatorClient


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="skip every test that starts a process")
    for option, url in OPTIONS.items():
        parser.addoption(option, metavar="URL", help=f"a server to hold to its tests: {url}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    select(config, items)


@pytest.fixture(scope="session", autouse=True)
def fast(pytestconfig: pytest.Config) -> Iterator[None]:
    """With `--fast`, a test is skipped as soon as it, or a fixture of it, would start a process."""
    with pytest.MonkeyPatch.context() as patch:
        if pytestconfig.getoption("fast"):
            patch.setattr(Server, "launch", _skip)
            patch.setattr(Process, "start", _skip)
            patch.setattr(subprocess, "run", _skip)
            patch.setattr(subprocess, "Popen", _skip)
        yield


def _skip(*_: object, **__: object) -> NoReturn:
    pytest.skip("starts a process")


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[Postgres]:
    url = pytestconfig.getoption(DATABASE)
    with GivenPostgres(url) if url else Postgres.temporary() as server:
        yield server


@pytest.fixture(scope="session")
def seaweedfs(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SeaweedFS]:
    url = pytestconfig.getoption(S3)
    with GivenStore(url) if url else SeaweedFS(tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


@pytest.fixture(scope="session")
def valkey(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Valkey]:
    """A broker that forgets everything when it is restarted: the harder case."""
    url, folder = pytestconfig.getoption(REDIS), tmp_path_factory.mktemp("valkey")
    with GivenRedis(url) if url else Valkey(folder, persistent=False) as server:
        yield server


@pytest.fixture
def changes() -> Mapping[str, Any]:
    """Settings that a test wants different: parametrise it."""
    return {}


@pytest.fixture
def settings(
    tmp_path: Path, seaweedfs: SeaweedFS, valkey: Valkey, changes: Mapping[str, Any]
) -> Iterator[Settings]:
    """An installation of its own: an empty database, an empty broker, two new buckets."""
    with an_installation(tmp_path, seaweedfs, valkey, **changes) as settings:
        yield settings


@contextmanager
def an_installation(
    folder: Path, seaweedfs: SeaweedFS, valkey: Valkey, **changes: Any
) -> Iterator[Settings]:
    """Make the settings of a new installation, and what they name."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushdb()
    name = uuid.uuid4().hex[:12]
    settings = Settings(
        database_url=f"sqlite:///{folder}/cutwork.sqlite3",
        redis_url=SecretStr(valkey.url),
        s3_endpoint=seaweedfs.endpoint,
        s3_access_key=seaweedfs.access_key,
        s3_secret_key=SecretStr(seaweedfs.secret_key),
        s3_region=seaweedfs.region,
        inputs_bucket=f"inputs-{name}",
        results_bucket=f"results-{name}",
        keyless=True,
        lease=3,
        retry_backoff=0.2,
        sweep_interval=0.2,
        republish_after=1,
    ).model_copy(update=changes)
    create_empty(settings.database_url)
    ObjectStore(settings).set_up()
    yield settings
    _drop_buckets(settings)


def _drop_buckets(settings: Settings) -> None:
    """Give their volumes free: the server has as many as fit onto the disk, and each bucket takes one."""
    client = OperatorClient(settings)
    for bucket in (settings.inputs_bucket, settings.results_bucket):
        for found in client.list_objects(bucket, recursive=True):
            client.remove_object(bucket, str(found.object_name))
        client.remove_bucket(bucket)
