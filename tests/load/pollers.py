"""`python -m tests.load.pollers [clients] [seconds]`: what clients that poll cost each other, and an upload.

The front end as it is deployed, on PostgreSQL, Valkey and an object store of this machine, and no worker, so every job
goes on waiting. Each client has a connection and a job of its own, and asks again as soon as `Retry-After` allows.
Uploads are made one by one, first alone and then meanwhile; whatever else the machine does hits both.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared.jobs.store import JobStore, limits_of
from shared.tenants.key_store import KeyStore
from tests.end_to_end.client import QUERY
from tests.factories import new_job
from tests.load.site import Client, any_photo, running_installation, say

_UPLOADS = 15
#: Clients do not come all in the same moment.
_ARRIVAL_SECONDS = 5.0
_ANSWER_SECONDS = 60
_TENANT = "shop"


@dataclass
class Polls:
    """What became of all polls."""

    seconds: list[float] = field(default_factory=list)
    #: What was no 200 → how often.
    errors: Counter[str] = field(default_factory=Counter)
    reconnected: int = 0


@dataclass
class Poller:
    """One client: asks, reads, waits as long as it was told, and asks again."""

    host: str
    port: int
    request: bytes
    polls: Polls

    async def run(self, arrival: float, until: float) -> None:
        """Poll from the arrival on, in seconds from now, until a point of `time.monotonic`."""
        await asyncio.sleep(arrival)
        while time.monotonic() < until:
            try:
                await self._stay(until)
            except TimeoutError:
                self.polls.errors["no answer"] += 1
            except (OSError, asyncio.IncompleteReadError):
                # The server may close a connection that is idle: every HTTP library opens another one then.
                self.polls.reconnected += 1

    async def _stay(self, until: float) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            while time.monotonic() < until:
                began = time.monotonic()
                writer.write(self.request)
                async with asyncio.timeout(_ANSWER_SECONDS):
                    status, retry_after = await _read(reader)
                self.polls.seconds.append(time.monotonic() - began)
                if status != "200":
                    self.polls.errors[status] += 1
                await asyncio.sleep(retry_after)
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[str, float]:
    """Read an answer, and return its status and how long to wait."""
    line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = json.loads(await reader.readexactly(int(headers["content-length"])))
    if body["error_code"] == 0 and body["task_status"] not in {0, 1}:
        raise ValueError(f"a waiting job is answered {body}")
    return line.split()[1], float(headers.get("retry-after", 1))


async def _poll(pollers: list[Poller], seconds: float) -> None:
    until = time.monotonic() + seconds
    spread = _ARRIVAL_SECONDS / len(pollers)
    await asyncio.gather(*(poller.run(n * spread, until) for n, poller in enumerate(pollers)))


def main(clients: int, seconds: float) -> None:
    """Measure, and print both."""
    photo = any_photo()
    with running_installation(front_end_workers=2) as (installation, database):
        _, key = KeyStore(database).create(_TENANT)
        client = Client(installation.url, key)
        client.post(photo, "async")  # the first one opens all connections
        alone = _uploads(client, photo, _UPLOADS)
        store = JobStore(database, limits_of(installation.settings))
        polls = Polls()
        address = urlsplit(installation.url)
        pollers = [
            Poller(
                str(address.hostname),
                address.port or 0,
                _request(_stored(store), key),
                polls,
            )
            for _ in range(clients)
        ]
        with ThreadPoolExecutor(1) as pool:
            polling = pool.submit(asyncio.run, _poll(pollers, seconds))
            time.sleep(2 * _ARRIVAL_SECONDS)
            other = Client(installation.url, key)
            meanwhile: list[float] = []
            while not polling.done():
                meanwhile += _uploads(other, photo, 1)
            polling.result()
    _report(polls, seconds)
    ratio = statistics.median(meanwhile) / statistics.median(alone)
    say(f"{'upload':<12}{'median ms':>10}{'slowest ms':>12}\n")
    for name, took in (("alone", alone), ("meanwhile", meanwhile)):
        say(f"{name:<12}{statistics.median(took) * 1000:>10.0f}{max(took) * 1000:>12.0f}\n")
    say(f"an upload takes {ratio:.1f} times as long\n")


def _stored(store: JobStore) -> str:
    job = store.create(new_job(tenant=_TENANT))
    assert job is not None
    return str(job.id)


def _request(task_id: str, key: str) -> bytes:
    head = f"GET {QUERY}?task_id={task_id} HTTP/1.1\r\nHost: x\r\nailabapi-api-key: {key}\r\n\r\n"
    return head.encode()


def _uploads(client: Client, photo: bytes, count: int) -> list[float]:
    took = []
    for _ in range(count):
        began = time.monotonic()
        client.post(photo, "async")
        took.append(time.monotonic() - began)
    return took


def _report(polls: Polls, seconds: float) -> None:
    took = sorted(polls.seconds)
    say(
        f"{len(took)} polls, {len(took) / seconds:.0f} a second; errors: {dict(polls.errors)}, "
        f"reconnected: {polls.reconnected}\n"
    )
    for name, value in (
        ("median", statistics.median(took)),
        ("p99", took[int(0.99 * len(took))]),
        ("slowest", took[-1]),
    ):
        say(f"{name:<12}{value * 1000:>10.0f} ms\n")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 1000,
        float(sys.argv[2]) if len(sys.argv) > 2 else 60,
    )
