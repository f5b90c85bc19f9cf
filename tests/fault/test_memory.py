"""A worker's memory stays where it was. `JOBS=1500` for the figures in docs/why/reliability.md."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from PIL import Image

from shared.wire.contract import Category
from tests.conditions import eventually
from tests.end_to_end.client import submit, wait_for
from tests.fault.site import Site
from tests.pictures import encoded, jpeg, photo

#: That a job may add: less than half of the pixels of a photo of theirs. It cannot be much less for so few jobs: what
#: the allocator keeps for later is a dozen megabytes more or less.
GROWTH_MEGABYTES = 0.2
_PARTS = 6
#: Parts before that.
_WARM_UP = 2
#: Of a worker with sixteen hands.
MEGABYTES = 2048
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

    for part in range(_WARM_UP + _PARTS):
        for number in range(jobs // _PARTS):
            submit(site.url, photos[number % len(photos)], cloth_class="tops,pants")
        # Started when jobs wait already, so that all its threads are busy at once in the first part too.
        worker = worker or site.start_real_worker()
        done = (part + 1) * (jobs // _PARTS)
        eventually(lambda: site.logs().count("job.succeeded") >= done, within=300)  # noqa: B023
        measured.append(round(resident_megabytes(worker.pid)))

    print(f"{jobs} jobs, resident megabytes after each sixth: {measured[_WARM_UP:]}")  # noqa: T201
    growth = [after - before for before, after in pairwise(measured[_WARM_UP:])]
    # A leak is there in every part. A thread that meets a photo of the largest size for the first time is in one.
    assert median(growth) < GROWTH_MEGABYTES * jobs / _PARTS, measured


@pytest.mark.timeout(600)
@pytest.mark.parametrize("changes", [{"lease": 30.0}])
@pytest.mark.skipif("PHOTOS" not in os.environ, reason="minutes; PHOTOS=16 runs it")
def test_a_worker_of_many_hands_has_memory_enough_for_the_largest_photos(site: Site) -> None:
    """Half of them are half-transparent, and each is asked for in eight pictures."""
    count = int(os.environ["PHOTOS"])
    # In blocks of nine pixels, or a PNG of it would be larger than uploads may be.
    large = photo(1000, 1000).resize((2999, 2999), Image.Resampling.NEAREST)
    soft = large.copy()
    soft.putalpha(128)
    files = [jpeg(large, quality=85), encoded(soft, compress_level=6)]
    categories = ",".join(Category)
    tasks = [submit(site.url, files[n % 2], cloth_class=categories) for n in range(count)]

    worker = site.start_limited_worker(MEGABYTES, worker_concurrency=str(count))

    for task in tasks:
        assert wait_for(site.url, task, within=300)["task_status"] == 2
    status = Path(f"/proc/{worker.pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    print(f"{count} photos of 9 megapixels: {peak}")  # noqa: T201
    assert {row.attempt for row in site.rows()} == {1}
