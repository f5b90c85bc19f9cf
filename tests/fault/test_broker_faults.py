"""Redis forgets, stands still, is full, refuses and hangs up; uploads are taken, and every job is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import httpx
import pytest
import redis

from deploy.local.servers.valkey import Valkey
from shared.errors import BrokerUnavailable
from shared.job import Queue
from shared.messaging.broker import Broker
from shared.settings.settings import Settings
from tests.conditions import eventually
from tests.end_to_end.client import submit, wait_for
from tests.fault.hanging_up import hang_up
from tests.fault.site import Site

_PASSWORD = "secret"


@pytest.fixture
def control(valkey: Valkey) -> Iterator[redis.Redis]:
    """A connection that stays good whatever is done to the others, and undoes it at the end."""
    with redis.Redis.from_url(valkey.url) as client:
        client.ping()
        yield client
        if not valkey.is_running:
            valkey.start()
        client.replicaof("NO", "ONE")
        client.config_set("requirepass", "")
        client.config_set("maxmemory", "0")


def test_an_idle_worker_goes_on_after_the_broker_was_killed(
    site: Site, photo: bytes, valkey: Valkey
) -> None:
    site.start_real_worker()
    assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2

    valkey.kill()
    valkey.start()

    assert wait_for(site.url, submit(site.url, photo), within=30)["task_status"] == 2


def test_a_broker_that_forgets_everything_at_once_loses_no_job(
    site: Site, photo: bytes, control: redis.Redis
) -> None:
    task_ids = [submit(site.url, photo) for _ in range(5)]

    control.flushall()
    site.start_real_worker()

    assert [wait_for(site.url, task_id)["task_status"] for task_id in task_ids] == [2] * 5


def test_a_broker_that_stands_still_costs_an_upload_less_than_three_seconds_and_no_job(
    site: Site, photo: bytes, valkey: Valkey
) -> None:
    site.start_real_worker()
    assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2

    valkey.pause()
    try:
        took = []
        task_ids = []
        for _ in range(3):
            began = time.monotonic()
            task_ids.append(submit(site.url, photo))
            took.append(time.monotonic() - began)
        # What is told may be a second old.
        eventually(lambda: httpx.get(f"{site.url}/readyz", timeout=20).status_code == 503)
        ready = httpx.get(f"{site.url}/readyz", timeout=20)
    finally:
        valkey.resume()

    assert max(took) < 3
    assert ready.json()["checks"]["redis"] != "ok"
    for task_id in task_ids:
        assert wait_for(site.url, task_id)["task_status"] == 2
    eventually(lambda: httpx.get(f"{site.url}/readyz", timeout=20).status_code == 200)


def test_a_broker_that_is_full_costs_no_upload_and_no_job(
    site: Site, photo: bytes, control: redis.Redis
) -> None:
    site.start_real_worker()
    assert wait_for(site.url, submit(site.url, photo))["task_status"] == 2

    control.config_set("maxmemory", "1")
    task_ids = [submit(site.url, photo) for _ in range(3)]
    assert "job.unpublished" in site.logs()
    control.config_set("maxmemory", "0")

    for task_id in task_ids:
        assert wait_for(site.url, task_id)["task_status"] == 2


def refuse_writes(control: redis.Redis) -> None:
    control.replicaof("127.0.0.1", "1")  # as the old master does after a failover


def take_writes(control: redis.Redis) -> None:
    control.replicaof("NO", "ONE")


def change_the_password(control: redis.Redis) -> None:
    control.config_set("requirepass", _PASSWORD)
    hang_up(control)


def change_it_back(control: redis.Redis) -> None:
    control.config_set("requirepass", "")


@pytest.mark.parametrize(
    ("hurt", "heal"),
    [
        (hang_up, hang_up),
        (refuse_writes, take_writes),
        (change_the_password, change_it_back),
    ],
)
def test_a_broker_that_turns_everybody_away_for_a_while_costs_no_job(
    site: Site,
    photo: bytes,
    control: redis.Redis,
    hurt: Callable[[redis.Redis], None],
    heal: Callable[[redis.Redis], None],
) -> None:
    worker, running = site.hold_a_job(photo)

    hurt(control)
    during = [submit(site.url, photo) for _ in range(2)]
    heal(control)
    site.open_gate()
    eventually(lambda: "job.succeeded" in site.logs())

    for task_id in (running, *during):
        assert wait_for(site.url, task_id)["task_status"] == 2
    assert worker.is_running


def test_whatever_ringing_raises_the_broker_is_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen by the nemesis as a 500: kombu raised this where another greenlet had just lost the connection."""
    broker = Broker(settings)

    def fail(*_: object, **__: object) -> None:
        raise AttributeError("'NoneType' object has no attribute 'client'")

    monkeypatch.setattr(broker._for_one, "lpush", fail)

    with pytest.raises(BrokerUnavailable):
        broker.publish(Queue.BULK)
