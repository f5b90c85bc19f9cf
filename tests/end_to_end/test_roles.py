"""A whole installation, each process of which has the role of `deploy/roles` that is its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx
import psycopg
import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import make_url

from deploy.local.servers.ports import LOOPBACK
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.valkey import Valkey
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.sql.schema import migrate
from shared.tenants.key_store import KeyStore
from tests.conditions import eventually
from tests.end_to_end.client import CUTOUT, QUERY
from tests.end_to_end.installation import Installation
from tests.raw_server import RawServer, ok, running_raw_server, say

ROLES = Path(__file__).parents[2] / "deploy" / "roles" / "postgresql.sql"
OPERATOR = "user operator on nopass ~* &* +@all"
#: Says what its library is called. Redis 7.0 does not know the command, so no rule can name it; nobody misses it.
UNHEARD = "client|setinfo"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Valkey]:
    """A broker whose access list is ours, and whose operator can look into its log."""
    with Valkey(
        tmp_path / "guarded", password="open-sesame", more_users=[OPERATOR], persistent=False
    ) as server:
        yield server


class ByRole(Installation):
    """One process of each kind."""

    def __enter__(self) -> Self:
        self.start_front_end()
        for kind, module in (("worker", "worker"), ("sweeper", "worker.sweeper")):
            url = as_role(self.settings.database_url, kind)
            self._start(kind, [sys.executable, "-m", module], database_url=url)
        return self


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=f"cutwork_{role}").render_as_string(hide_password=False)


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    url = postgres.create_database("by_role")
    _grant(url)
    database = Database(as_role(url, "migration"))
    migrate(database)
    database.close()
    _grant(url)
    yield url
    postgres.drop_database("by_role")


def _grant(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(ROLES.read_bytes())


@pytest.fixture
def key(database_url: str) -> str:
    database = Database(as_role(database_url, "migration"))
    _, key = KeyStore(database).create("shop")
    database.close()
    return key


@pytest.fixture
def shop(photo: bytes) -> Iterator[RawServer]:
    with running_raw_server(say(ok(photo))) as server:
        yield server


def test_each_process_does_its_work_in_its_own_role(
    settings: Settings,
    guarded: Valkey,
    database_url: str,
    key: str,
    tmp_path: Path,
    photo: bytes,
    shop: RawServer,
) -> None:
    changed = settings.model_copy(
        update={
            "redis_url": SecretStr(guarded.url),
            "database_url": as_role(database_url, "front_end"),
            "keyless": False,
            "image_url": True,
            "outgoing_ports": str(shop.port),
            "outgoing_allowed_networks": f"{LOOPBACK}/32",
        }
    )
    with ByRole(changed, tmp_path / "installation") as installation:
        with httpx.Client(
            base_url=installation.url, headers={"ailabapi-api-key": key}, timeout=60
        ) as client:
            url = (None, f"http://{LOOPBACK}:{shop.port}/")
            for answer in (
                client.post(CUTOUT, files={"image": photo}, data={"task_type": "sync"}).json(),
                client.post(CUTOUT, files={"image": photo}, data={"task_type": "async"}).json(),
                client.post("/v1/jobs", files={"image_url": url}).json(),
            ):
                asked = {"task_id": answer["task_id"], "wait": "10"}
                done = eventually(lambda: _finished(client, asked), 60)  # noqa: B023
                assert done["task_status"] == 2
                assert client.delete(f"/v1/jobs/{answer['task_id']}").status_code == 204
            eventually(lambda: client.get("/readyz").json()["warnings"] == {})
        said = installation.logs()

    with redis.Redis(port=guarded.port, username="operator", password="any") as operator:
        refused = {entry["object"] for entry in operator.acl_log()}
    assert refused <= {UNHEARD}
    assert "job.unpublished" not in said
    assert "permission denied" not in said
    assert "Traceback" not in said


def _finished(client: httpx.Client, asked: dict[str, str]) -> dict[str, object] | None:
    answer: dict[str, object] = client.get(QUERY, params=asked).json()
    return answer if answer["task_status"] in {2, 3} else None
