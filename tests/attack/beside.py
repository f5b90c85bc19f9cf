"""How long a well-behaved client waits, alone and beside six sockets that misbehave."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from deploy.local.processes.process import Process
from tests.attack.attempt import hold
from tests.attack.measurement import Measurement, Percentiles
from tests.attack.misbehaviour import Connect
from tests.attack.photos import small_photo
from tests.attack.target import ROOT, Target
from tests.end_to_end.client import CUTOUT, QUERY

#: How many times its quiet value the client's p95 may be.
BAR = 5.0

_TENANT = "bystander"
_SECONDS, _LEAST_JOBS = 15.0, 20
#: Until the sockets are where they want to be.
_SETTLED_SECONDS = 2.0
_PAUSE_SECONDS = 0.02

Way = Callable[[Connect], None]


@dataclass
class _Waited:
    """Seconds that each request took, and those that failed."""

    health: list[float] = field(default_factory=list)
    job: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def cost_of(target: Target, way: Way, metrics_port: int | None = None) -> str:
    """Measure beside a way to misbehave, after a quiet measurement if there is none.

    Args:
        target: Where the client is served.
        way: How the sockets misbehave.
        metrics_port: Where they do so, if not at the service's own port.

    Raises:
        NotHeld: The client waited for more than `BAR` times its quiet value, or was not served.
    """
    if not target.measured:
        target.measured.append(_measure(target, "nobody"))
    quiet = target.measured[0]
    with misbehaving(target, way, metrics_port):
        now = _measure(target, way.__name__.replace("_", " "))
    target.measured.append(now)
    health, job = now.health.p95 / quiet.health.p95, now.job.p95 / quiet.job.p95
    seen = (
        f"p95 of /healthz {now.health.p95:.0f} ms ({health:.1f} × quiet), "
        f"of post + poll {now.job.p95:.0f} ms ({job:.1f} × quiet)"
    )
    hold(max(health, job) <= BAR, seen)
    return seen


def _measure(target: Target, beside: str) -> Measurement:
    waited, stopping = _Waited(), threading.Event()
    thread = threading.Thread(target=_ask, args=(target, waited, stopping))
    thread.start()
    try:
        _work(target, waited)
    finally:
        stopping.set()
        thread.join()
    hold(not waited.failures, f"{len(waited.failures)} requests failed: {waited.failures[:1]}")
    health, job = Percentiles.of(waited.health), Percentiles.of(waited.job)
    return Measurement(beside, health, job, len(waited.job))


def _ask(target: Target, waited: _Waited, stopping: threading.Event) -> None:
    """Ask for `/healthz`, each time over a new connection: one that is kept may have the process with nothing to do."""
    while not stopping.wait(_PAUSE_SECONDS):
        began = time.monotonic()
        try:
            answer = target.get(f"{target.url}/healthz")
        except httpx.HTTPError as error:
            waited.failures.append(repr(error))
            continue
        if answer.status_code != httpx.codes.OK:
            waited.failures.append(str(answer.status_code))
        waited.health.append(time.monotonic() - began)


def _work(target: Target, waited: _Waited) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end or len(waited.job) < _LEAST_JOBS:
        began = time.monotonic()
        try:
            status = _cut_out(target)
        except httpx.HTTPError as error:
            waited.failures.append(repr(error))
            continue
        if status != 2:
            waited.failures.append(f"task_status {status}")
        waited.job.append(time.monotonic() - began)


def _cut_out(target: Target) -> int:
    with target.client(_TENANT) as client:
        form = {"task_type": "async"}
        posted = client.post(CUTOUT, files={"image": small_photo()}, data=form).raise_for_status()
        asked = {"task_id": posted.json()["task_id"], "wait": "30"}
        return int(client.get(QUERY, params=asked).raise_for_status().json()["task_status"])


@contextmanager
def misbehaving(target: Target, way: Way, metrics_port: int | None) -> Iterator[None]:
    """Let six sockets misbehave in a process of their own; at a port of metrics, if it is given."""
    parts = urlsplit(target.url)
    port, authority = parts.port, target.authority or ""
    if metrics_port is not None:
        port, authority = metrics_port, ""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "said")
        command = [sys.executable, "-m", "tests.attack.misbehaviour", way.__name__]
        where = [str(parts.hostname), str(port), str(authority)]
        process = Process(way.__name__, command + where, output=said, directory=ROOT)
        process.start()
        try:
            time.sleep(_SETTLED_SECONDS)
            yield
            hold(process.is_running, f"{way.__name__} ended: {said.read_text()}")
        finally:
            process.kill()
