"""The database goes away when a job is stored, claimed and completed, and comes back; or is a file with 8 writers."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg

from deploy.local.servers.postgres import Postgres
from shared.settings.settings import Settings
from tests.conditions import eventually
from tests.end_to_end.client import post, submit, wait_for
from tests.fault.audit import Audit
from tests.fault.process_tree import signal_tree
from tests.fault.site import Site

GONE = (503, "ERROR_RESOURCE_UNAVAILABLE")
#: A busy machine's share of it included.
PATIENCE = timedelta(seconds=25)


@contextmanager
def refusing_writes(server: Postgres) -> Iterator[None]:
    """Behave as a server that has become a replica."""
    with psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True) as control:
        control.execute("SET default_transaction_read_only = off")
        control.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        control.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            control.execute("ALTER SYSTEM RESET default_transaction_read_only")
            control.execute("SELECT pg_reload_conf()")


def _database_of(site: Site) -> object:
    return httpx.get(f"{site.url}/readyz", timeout=20).json()["checks"]["database"]


def test_an_upload_without_a_database_is_refused_and_leaves_nothing(
    site_on_postgres: Site, photo: bytes, own_postgres: Postgres
) -> None:
    site = site_on_postgres
    own_postgres.kill()
    try:
        answer = post(site.url, photo, task_type="async")
        # What is told may be a second old.
        eventually(lambda: _database_of(site) != "ok")
    finally:
        own_postgres.start()

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    audit = Audit(site.settings)
    assert (audit.inputs(), audit.rows(), audit.count_messages()) == (set(), {}, 0)
    audit.close()
    site.start_real_worker()
    assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2


def test_an_upload_to_a_database_that_stands_still_is_refused_in_seconds_and_leaves_nothing(
    site_on_postgres: Site, photo: bytes, own_postgres: Postgres
) -> None:
    site = site_on_postgres
    before = submit(site.url, photo)
    signal_tree(own_postgres.process.pid, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(lambda _: post(site.url, photo, task_type="async"), range(5)))
    finally:
        signal_tree(own_postgres.process.pid, signal.SIGCONT)

    for answer in answers:
        assert (answer.status_code, answer.json()["error_code_str"]) == GONE
        assert answer.headers["retry-after"]
        assert answer.elapsed < PATIENCE
    audit = Audit(site.settings)
    assert (audit.inputs(), set(audit.rows())) == ({before}, {before})
    audit.close()
    site.start_real_worker()
    assert wait_for(site.url, before)["task_status"] == 2
    assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2


def test_a_database_that_is_away_at_the_claim_costs_no_attempt(
    site_on_postgres: Site, photo: bytes, own_postgres: Postgres
) -> None:
    site = site_on_postgres
    task_id = submit(site.url, photo)
    own_postgres.stop()
    try:
        site.start_real_worker()
        eventually(lambda: "message.postponed" in site.logs())
    finally:
        own_postgres.start()

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert site.row().attempt == 1


def test_a_database_that_becomes_a_replica_under_a_running_job_is_waited_for(
    site_on_postgres: Site, photo: bytes, own_postgres: Postgres
) -> None:
    """As in a failover: connections stay and whatever writes is refused, each beat of the heart too."""
    site = site_on_postgres
    worker, task_id = site.hold_a_job(photo)

    with refusing_writes(own_postgres):
        eventually(lambda: site.logs().count("lease.beat_missed") >= 2)
        assert post(site.url, photo, task_type="async").status_code == 503
    site.open_gate()

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert worker.is_running
    assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2


def test_a_database_killed_under_a_running_job_is_waited_for(
    site_on_postgres: Site, photo: bytes, own_postgres: Postgres
) -> None:
    site = site_on_postgres
    _, task_id = site.hold_a_job(photo)

    own_postgres.kill()
    site.open_gate()
    eventually(lambda: "attempt.produced" in site.logs())
    own_postgres.start()

    assert wait_for(site.url, task_id)["task_status"] == 2
    assert site.row().attempt - site.row().releases <= 2


def test_each_process_has_connections_of_its_own(site_on_postgres: Site, photo: bytes) -> None:
    """No process inherits a connection over a fork: each backend serves one port of one process."""
    site = site_on_postgres
    site.start_real_worker()
    assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2

    owners: dict[int, set[int]] = {}
    for process in site._processes:
        for pid in _family(process.pid):
            for inode in _sockets(pid):
                owners.setdefault(inode, set()).add(pid)
    database = _inodes_to(int(site.settings.database_url.rpartition(":")[2].partition("/")[0]))

    assert database
    assert [pids for inode, pids in owners.items() if inode in database and len(pids) > 1] == []


def test_eight_writers_on_sqlite_get_no_error(settings: Settings) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.fault.busy_writer", settings.database_url, "15"],
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]

    assert [writer.communicate(timeout=60)[1] for writer in writers] == [""] * 8
    audit = Audit(settings)
    assert len(audit.rows()) == 8 * 15
    audit.close()


def test_fifty_uploads_at_once_on_sqlite_get_no_error(site: Site, photo: bytes) -> None:
    site.beaten = 16
    with ThreadPoolExecutor(site.beaten) as pool:
        answers = list(pool.map(lambda _: post(site.url, photo, task_type="async"), range(50)))

    assert [answer.status_code for answer in answers] == [200] * 50


def _family(pid: int) -> list[int]:
    children = [
        int(word)
        for tasks in Path(f"/proc/{pid}/task").glob("*/children")
        for word in tasks.read_text().split()
    ]
    return [pid, *(member for child in children for member in _family(child))]


def _sockets(pid: int) -> set[int]:
    links = (str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir())
    return {int(link[8:-1]) for link in links if link.startswith("socket:[")}


def _inodes_to(port: int) -> set[int]:
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(line[9]) for line in lines if line[2].endswith(f":{port:04X}")}
