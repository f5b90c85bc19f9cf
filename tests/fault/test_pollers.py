"""A thousand clients that ask for their jobs, again and again, each over a connection that it keeps."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from shared.jobs.store import JobStore, limits_of
from shared.sql.database import Database
from shared.tenants.api_key import KEYLESS_TENANT
from tests.end_to_end.client import HEADERS, QUERY, post
from tests.factories import new_job
from tests.fault.site import Site
from tests.load.pollers import Poller, Polls

CLIENTS = 1000
UPLOADS = 5
SECONDS = 15
#: Who has waited too long for a place is told to come later.
LATER = "503"


@pytest.fixture
def many_files() -> Iterator[None]:
    """Each connection is one."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_files")
def test_of_a_thousand_who_poll_each_is_answered_and_uploads_are_taken_meanwhile(
    site_on_postgres: Site, photo: bytes
) -> None:
    site = site_on_postgres
    address = urlsplit(site.url)
    polls = [Polls() for _ in range(CLIENTS)]
    pollers = [
        Poller(str(address.hostname), address.port or 0, request_for(task_id), counts)
        for task_id, counts in zip(store_jobs(site), polls, strict=True)
    ]

    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(asyncio.run, poll_all(pollers))
        uploads = [post(site.url, photo, task_type="async") for _ in range(UPLOADS)]
        assert not polling.done()
        polling.result()

    assert [answer.status_code for answer in uploads] == [200] * UPLOADS
    assert {error for counts in polls for error in counts.errors} <= {LATER}
    assert [number for number, counts in enumerate(polls) if not counts.seconds] == []
    assert sum(len(counts.seconds) - counts.errors[LATER] for counts in polls) >= CLIENTS


async def poll_all(pollers: list[Poller]) -> None:
    until = time.monotonic() + SECONDS
    await asyncio.gather(*(poller.run(0, until) for poller in pollers))


def store_jobs(site: Site) -> list[str]:
    """Store a job for each client, straight in the table."""
    database = Database(site.settings.database_url)
    store = JobStore(database, limits_of(site.settings))
    jobs = [store.create(new_job(tenant=KEYLESS_TENANT)) for _ in range(CLIENTS)]
    database.close()
    return [str(job.id) for job in jobs if job is not None]


def request_for(task_id: str) -> bytes:
    [(name, key)] = HEADERS.items()
    return f"GET {QUERY}?task_id={task_id} HTTP/1.1\r\nHost: 127.0.0.1\r\n{name}: {key}\r\n\r\n".encode()
