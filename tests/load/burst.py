"""`python -m tests.load.burst [photos]`: an import as it is, and as the simulation of deploy/capacity has it.

A whole installation of this machine with one worker. So many photos (120) come as fast as four senders can; how long
each waited is in its row. The simulation is told how fast they came and how long a job takes, and nothing else.
"""

from __future__ import annotations

import statistics
import sys
import time
from array import array
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from deploy.capacity.simulation.fleet import Shape
from deploy.capacity.simulation.load import Burst, Load
from deploy.capacity.simulation.outcome import Outcome
from deploy.capacity.simulation.policy import Policy, Targets
from deploy.capacity.simulation.trial import Scenario, run
from shared.job import Job
from shared.jobs.store import JobStore, limits_of
from shared.tenants.key_store import KeyStore
from tests.conditions import eventually
from tests.load.site import Client, any_photo, running_installation, say

_TENANT, _PHOTOS, _SENDERS = "shop", 120, 4
_WITHIN = 300.0


def main() -> None:
    """Print both."""
    photos = int(sys.argv[1]) if len(sys.argv) > 1 else _PHOTOS
    photo = any_photo()
    with running_installation() as (installation, database):
        _, key = KeyStore(database).create(_TENANT)
        store = JobStore(database, limits_of(installation.settings))
        installation.start_worker()
        Client(installation.url, key).latency(
            photo, "sync"
        )  # the worker has loaded its network then
        began = time.monotonic()
        with ThreadPoolExecutor(_SENDERS) as senders:
            clients = [Client(installation.url, key) for _ in range(_SENDERS)]
            send = lambda number: clients[number % _SENDERS].post(photo, "async")  # noqa: E731
            ids = [UUID(task_id) for task_id in senders.map(send, range(photos))]
        seconds = time.monotonic() - began
        jobs = eventually(lambda: _all_done(store, ids), _WITHIN)
        slots = installation.settings.worker_concurrency
    _compare(jobs, _simulated(jobs, seconds, slots), seconds)


def _all_done(store: JobStore, ids: list[UUID]) -> list[Job] | None:
    found = store.find_all(ids, _TENANT)
    return found if all(job.finished_at for job in found) else None


def _simulated(jobs: list[Job], seconds: float, slots: int) -> Outcome:
    took = [(job.finished_at - job.started_at).total_seconds() for job in jobs]  # type: ignore[operator]
    return run(
        Scenario(
            load=Load(0, bursts=(Burst(0, len(jobs), seconds),)),
            targets=Targets(Policy.FIXED, fewest=1, jobs_per_pod=1, oldest_age=1),
            shape=Shape(slots=slots, start=(0, 0)),
            job_seconds=statistics.mean(took),
            spread=statistics.stdev(took) / statistics.mean(took),
            seconds=_WITHIN,
        )
    )


def _compare(jobs: list[Job], simulated: Outcome, seconds: float) -> None:
    waits = ((job.started_at - job.created_at).total_seconds() for job in jobs)  # type: ignore[operator]
    measured = Outcome(waits=array("f", waits))
    say(
        f"{len(jobs)} photos within {seconds:.1f} s\n{'wait, s':<10}{'measured':>10}{'simulated':>11}\n"
    )
    for share in (0.5, 0.95, 0.99):
        say(
            f"{f'p{share * 100:g}':<10}{measured.wait(share):>10.2f}{simulated.wait(share):>11.2f}\n"
        )


if __name__ == "__main__":
    main()
