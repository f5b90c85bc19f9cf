"""Servers that whoever runs the tests has named: `make conformance DATABASE=… REDIS=… S3=…`.

What others keep there is left alone: databases and buckets have names of their own, and are removed; a database of
Redis must be empty. A test that stops its server is skipped.
"""

from __future__ import annotations

import uuid
from typing import NoReturn, Self
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg
import pytest
import redis
from psycopg import sql
from sqlalchemy import make_url

from deploy.local.servers.postgres import Postgres
from deploy.local.servers.s3_identities import S3Keys
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.valkey import Valkey

DATABASE, REDIS, S3 = "--database", "--redis", "--s3"
OPTIONS = {
    DATABASE: "postgresql+psycopg://user:password@host/name, of a user who may make databases",
    REDIS: "redis://host:port/number, of a database that is empty",
    S3: "https://key:secret@host:port?region=…, of a user who may make buckets",
}
#: Modules of tests/conformance that ask something else than a database.
_ASKS = {
    "test_broker": REDIS,
    "test_buckets": S3,
    "test_cross_origin": S3,
    "test_direct_upload": S3,
    "test_object_store": S3,
    "test_postgres_tls": "",
    "test_redis_tls": "",
    "test_store_tls": "",
}
#: Parameters of tests that name something else than a server.
_STAND_INS = frozenset({"sqlite", "fake"})


class GivenPostgres(Postgres):
    """A server somewhere, with a database for the tests."""

    def __init__(self, url: str) -> None:
        self._given = make_url(url)
        self._made: set[str] = set()

    def url_of(self, database: str) -> str:
        return self._given.set(database=database).render_as_string(hide_password=False)

    @property
    def url(self) -> str:
        return self.url_of(self._own)

    def create_database(self, name: str) -> str:
        self._made.add(name)
        return super().create_database(name)

    def drop_database(self, name: str) -> None:
        super().drop_database(name)
        self._made.discard(name)

    def __enter__(self) -> Self:
        self._own = f"cutwork_conformance_{uuid.uuid4().hex[:12]}"
        self.create_database(self._own)
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._made):
            self.drop_database(name)

    def _execute(self, statement: sql.Composed) -> None:
        plain = self._given.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(statement)


class GivenRedis(Valkey):
    """A server somewhere, of which one database is for the tests."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def url(self) -> str:
        return self._url

    def pause(self) -> NoReturn:
        pytest.skip("it would stop a server that is not the tests' own")

    def __enter__(self) -> Self:
        with redis.Redis.from_url(self._url) as client:
            if client.dbsize():
                pytest.exit(f"{REDIS}: this database is not empty, and would be: name another one")
        return self

    def __exit__(self, *_: object) -> None:
        with redis.Redis.from_url(self._url) as client:
            client.flushdb()


class GivenStore(SeaweedFS):
    """An object store somewhere; whoever uses it makes buckets, and removes them."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._endpoint = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self.keys = S3Keys(unquote(parts.username or ""), unquote(parts.password or ""))
        self.region = parse_qs(parts.query).get("region", [SeaweedFS.region])[0]

    @property
    def endpoint(self) -> str:
        return self._endpoint

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave it as it is."""


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where servers are named, keep those tests that ask one of them."""
    given = {option for option in OPTIONS if config.getoption(option)}
    if not given:
        return
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        (kept if _asks(item) in given and not _has_stand_in(item) else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = kept


def _asks(item: pytest.Item) -> str:
    return _ASKS.get(item.path.stem, DATABASE) if item.path.parent.name == "conformance" else ""


def _has_stand_in(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params.values() if callspec else ()
    return any(isinstance(it, str) and it in _STAND_INS for it in parameters)
