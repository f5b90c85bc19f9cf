"""A worker that lives and hears nothing: it connects anew, or ends and is started again; and somebody says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update

from deploy.local.servers.ports import LOOPBACK
from deploy.local.servers.valkey import Valkey
from shared.sql.database import Database
from shared.sql.tables import jobs
from tests.conditions import eventually
from tests.end_to_end.client import submit, wait_for
from tests.fault.site import Site
from tests.fault.test_broker_restart import DEFAULTS
from tests.fault.wire import Wire


@pytest.fixture
def plugs(tmp_path: Path) -> Path:
    """As long as this is there, the worker hears nothing."""
    return tmp_path / "plugs"


def make_deaf(site: Site, plugs: Path) -> None:
    """Plug its ears, and let it read what it had asked for before."""
    plugs.touch()
    with site.redis() as client:
        client.lpush("bulk", "no message")
        eventually(lambda: not client.llen("bulk"))


def test_a_worker_that_hears_nothing_of_what_waits_ends_and_its_jobs_are_done_by_the_next(
    site: Site, photo: bytes, plugs: Path
) -> None:
    worker = site.start_deaf_worker(plugs)
    assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2

    make_deaf(site, plugs)
    task_ids = [submit(site.url, photo) for _ in range(3)]
    eventually(lambda: not worker.is_running)

    assert worker.return_code == 70
    assert '"reason": "deaf"' in site.logs()
    plugs.unlink()
    worker.start()
    for task_id in task_ids:
        assert wait_for(site.url, task_id)["task_status"] == 2


def test_what_a_deaf_worker_still_runs_is_handed_back_uncounted(
    site: Site, photo: bytes, plugs: Path
) -> None:
    worker, running = site.hold_a_job(photo, lambda: site.start_deaf_worker(plugs))

    make_deaf(site, plugs)
    waiting = [submit(site.url, photo) for _ in range(3)]
    eventually(lambda: not worker.is_running)

    assert worker.return_code == 70
    assert {(row.status, row.attempt - row.releases) for row in site.rows()} == {("queued", 0)}
    plugs.unlink()
    site.open_gate()
    worker.start()
    for task_id in (running, *waiting):
        assert wait_for(site.url, task_id)["task_status"] == 2


@pytest.mark.parametrize("changes", [DEFAULTS])
def test_a_worker_whose_wire_fell_silent_connects_anew(
    site: Site, photo: bytes, valkey: Valkey
) -> None:
    with Wire(valkey.port) as wire:
        worker = site.start_real_worker(redis_url=f"redis://{LOOPBACK}:{wire.port}/0")
        assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2

        wire.fall_silent()

        assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2
        assert worker.is_running


def make_it_wait(site: Site, how_long: timedelta) -> None:
    """Let the jobs have been due for a while; nobody waits."""
    database = Database(site.settings.database_url)
    with database.writing() as connection:
        then = datetime.now(UTC) - how_long
        connection.execute(update(jobs).values(created_at=then, not_before=then))
    database.close()


def test_jobs_that_nobody_claims_are_a_warning_of_the_front_end(site: Site, photo: bytes) -> None:
    task_id = submit(site.url, photo)
    make_it_wait(site, timedelta(seconds=31))

    # What is told may be a second old.
    eventually(lambda: "workers" in httpx.get(f"{site.url}/readyz").json()["warnings"])
    ready = httpx.get(f"{site.url}/readyz")
    site.start_real_worker()

    assert ready.status_code == 200
    assert "no worker takes one" in ready.json()["warnings"]["workers"]
    assert wait_for(site.url, task_id)["task_status"] == 2
    eventually(lambda: "workers" not in httpx.get(f"{site.url}/readyz").json()["warnings"])
