"""What `/readyz` warns of: that nobody works, and that nobody sweeps."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx

from deploy.local.processes.process import Process
from tests.conditions import eventually
from tests.end_to_end.client import submit
from tests.fault.promises.promise import Finding
from tests.fault.promises.stand import PHOTO, Stand

_LONGEST_SECONDS = 120


def nobody_works(stand: Stand) -> Iterator[Finding]:
    holders = stand.start_full_workers()
    waiting = submit(stand.url, PHOTO)
    died = max(stand.after_its_heartbeat(holders, Process.kill).values())
    took = _until_warned(stand, "workers") - died
    yield Finding("KILL for the only worker just after a heartbeat; one more job waits", took)

    stand.open_gate()
    worker = stand.start_free_worker()
    stand.wait_until_done([waiting, *holders])
    eventually(lambda: "workers" not in _warnings(stand))
    # Something has to have ended just before: it must not count as work of today.
    stand.wait_until_done([submit(stand.url, PHOTO)])
    worker.kill()
    posted = time.time()
    submit(stand.url, PHOTO)
    took = _until_warned(stand, "workers") - posted
    yield Finding("KILL for the only worker just after a job; then one is posted", took)


def nobody_sweeps(stand: Stand) -> Iterator[Finding]:
    eventually(lambda: not _warnings(stand))
    stand.kill_sweeper()
    killed = time.time()
    yield Finding("KILL for the only sweeper", _until_warned(stand, "sweeper") - killed)


def _warnings(stand: Stand) -> set[str]:
    return set(httpx.get(f"{stand.url}/readyz").json()["warnings"])


def _until_warned(stand: Stand, of: str) -> float:
    eventually(lambda: of in _warnings(stand), within=_LONGEST_SECONDS)
    return time.time()
