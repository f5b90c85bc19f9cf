"""`python -m tests.load.fairness [jobs]`: what a bulk import of one tenant costs another tenant's single job.

A whole installation on this machine: one tenant posts photos one by one, first alone and then behind another tenant's
import, on both faces of waiting (a POST that waits, and `async` with a poll). Latency is counted from the first byte
of the POST until the client knows of the result.
"""

from __future__ import annotations

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from shared.jobs.store import JobStore, limits_of
from shared.tenants.key_store import KeyStore
from tests.load.site import Client, any_photo, running_installation, say

_IMPORTERS = 8
_SINGLE_JOBS = 15
#: What the import may cost.
_PROMISED_SECONDS = 3.0


def main(jobs: int) -> None:
    """Measure, and print a table."""
    photo = any_photo()
    with running_installation() as (installation, database):
        keys = KeyStore(database)
        shop = Client(installation.url, keys.create("shop")[1])
        importer = Client(installation.url, keys.create("importer")[1])
        store = JobStore(database, limits_of(installation.settings))
        installation.start_worker()
        shop.latency(photo, "sync")  # the first one waits for the worker to start
        say(f"{'':<28}{'waiting':>9}{'median s':>10}{'slowest s':>11}\n")
        alone = {kind: _measure(shop, photo, kind) for kind in ("", "async")}
        _report("alone", alone, 0)
        began = time.monotonic()
        with ThreadPoolExecutor(_IMPORTERS) as pool:
            list(pool.map(lambda _: importer.post(photo, "async"), range(jobs)))
        seconds = time.monotonic() - began
        say(f"{jobs} jobs imported in {seconds:.0f} s, {jobs / seconds:.0f} a second\n")
        waiting = store.measure_backlog("importer", 10**6).queued
        behind = {kind: _measure(shop, photo, kind) for kind in ("", "async")}
        _report("behind the import", behind, waiting)
        cost = max(statistics.median(behind[kind]) - min(alone[kind]) for kind in alone)
        worst = max(max(behind[kind]) - statistics.median(alone[kind]) for kind in alone)
        say(f"the import costs {cost:.2f} s, and at worst {worst:.2f} s\n")
        if worst > _PROMISED_SECONDS:
            sys.exit(f"more than {_PROMISED_SECONDS:g} s")


def _measure(client: Client, photo: bytes, task_type: str) -> list[float]:
    return [client.latency(photo, task_type) for _ in range(_SINGLE_JOBS)]


def _report(name: str, latencies: dict[str, list[float]], waiting: int) -> None:
    for kind, seconds in latencies.items():
        what = f"{name}, {kind or 'waiting'}"
        say(f"{what:<28}{waiting:>9}{statistics.median(seconds):>10.2f}{max(seconds):>11.2f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
