"""The broker goes away under busy workers, in every way and at every stage of a job, and every job is done.

`tests.fault.broker_restarts` measures how soon.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import redis

from deploy.local.processes.process import Process
from deploy.local.servers.valkey import Valkey
from shared.settings.settings import Settings
from tests.conditions import eventually
from tests.end_to_end.client import submit, wait_for
from tests.fault.halting_store import Point
from tests.fault.hanging_up import hang_up
from tests.fault.site import Site

#: What README's promises are made for. Tests in other files shorten them.
DEFAULTS = {
    name: Settings.model_fields[name].default
    for name in ("lease", "retry_backoff", "sweep_interval", "republish_after")
}


@contextmanager
def killed(server: Valkey) -> Iterator[None]:
    """All messages are lost: the server keeps no file."""
    server.kill()
    yield
    server.start()


@contextmanager
def ended(server: Valkey) -> Iterator[None]:
    server.stop()
    yield
    server.start()


@contextmanager
def frozen(server: Valkey) -> Iterator[None]:
    server.pause()
    try:
        yield
    finally:
        server.resume()


@contextmanager
def disconnected(server: Valkey) -> Iterator[None]:
    with redis.Redis.from_url(server.url) as control:
        hang_up(control)
        yield
        hang_up(control)


Absence = Callable[[Valkey], AbstractContextManager[None]]


WAYS = (killed, ended, frozen, disconnected)


def name_of(case: object) -> str:
    return getattr(case, "__name__", str(case))


@pytest.mark.parametrize("changes", [DEFAULTS], ids=["defaults"])
@pytest.mark.parametrize("count", [1, 2, 12])
@pytest.mark.parametrize("away", WAYS, ids=name_of)
def test_jobs_that_end_while_the_broker_is_away_do_not_leave_their_worker_deaf(
    site: Site, photo: bytes, valkey: Valkey, away: Absence, count: int
) -> None:
    """Every busy hand of the worker finishes its job while nobody is there to hear of it."""
    take_away_while_jobs_end(site, photo, away(valkey), count)


@pytest.mark.parametrize("changes", [DEFAULTS], ids=["defaults"])
@pytest.mark.parametrize("away", WAYS, ids=name_of)
def test_they_do_not_with_postgresql_either(
    site_on_postgres: Site, photo: bytes, valkey: Valkey, away: Absence
) -> None:
    take_away_while_jobs_end(site_on_postgres, photo, away(valkey), 12)


def take_away_while_jobs_end(
    site: Site, photo: bytes, absence: AbstractContextManager[None], count: int
) -> None:
    busy = min(count, site.settings.worker_concurrency)
    site.close_gate()
    worker = site.start_worker()
    task_ids = [submit(site.url, photo) for _ in range(count)]
    eventually(lambda: site.count_at_gate() == busy)

    with absence:
        site.open_gate()
        eventually(lambda: site.logs().count("job.succeeded") >= busy)

    hold_that_it_goes_on(site, photo, worker, task_ids)


@pytest.mark.parametrize("away", WAYS, ids=name_of)
@pytest.mark.parametrize("point", Point)
def test_whatever_stage_its_jobs_are_at_a_worker_goes_on_after_the_broker_was_away(
    site: Site, photo: bytes, valkey: Valkey, point: Point, away: Absence
) -> None:
    hands = site.settings.worker_concurrency
    site.close_gate()
    worker = site.start_halting_worker(point)
    task_ids = [submit(site.url, photo) for _ in range(2 * hands)]
    eventually(lambda: site.count_at_gate() == hands)

    with away(valkey):
        site.open_gate()
        eventually(lambda: site.logs().count("job.succeeded") >= hands)

    hold_that_it_goes_on(site, photo, worker, task_ids)


def hold_that_it_goes_on(site: Site, photo: bytes, worker: Process, task_ids: list[str]) -> None:
    for task_id in (*task_ids, submit(site.url, photo)):
        assert wait_for(site.url, task_id)["task_status"] == 2
    assert {row.attempt for row in site.rows()} == {1}
    assert worker.is_running
