"""A worker's memory stays where it was. `JOBS=1500` for the figures in docs/reliability.md."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conditions import eventually
from tests.end_to_end.client import submit
from tests.fault.site import Site
from tests.pictures import jpeg, photo

#: Between the sixth part of the jobs, after which every buffer was once as large as it gets, and the last.
GROWTH_MEGABYTES = 48
SIZES = ((600, 400), (128, 128), (400, 700), (1000, 800), (64, 90), (500, 500))


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


@pytest.mark.timeout(1800)
def test_a_worker_does_not_grow_with_the_jobs_it_has_done(site: Site) -> None:
    jobs = int(os.environ.get("JOBS", "120"))
    photos = [jpeg(photo(width, height)) for width, height in SIZES]
    worker = None
    measured = []

    for part in range(8):
        for number in range(jobs // 6):
            submit(site.url, photos[number % len(photos)], cloth_class="tops,pants")
        # Started when jobs wait already, so that all its threads are busy at once in the first part too.
        worker = worker or site.start_real_worker()
        done = (part + 1) * (jobs // 6)
        eventually(lambda: site.logs().count("job.succeeded") >= done, within=300)  # noqa: B023
        # Two parts to get warm: all threads may take a while to meet at a photo of the largest size.
        if part > 1:
            measured.append(round(resident_megabytes(worker.pid)))

    print(f"{jobs} jobs, resident megabytes after each sixth: {measured}")  # noqa: T201
    assert max(measured[1:]) - measured[0] < GROWTH_MEGABYTES, measured
