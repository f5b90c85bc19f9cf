"""Storing what an attempt has made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from shared.job import Job
from shared.objects.store import IMAGE, ObjectStore
from worker.imaging.cutout import Cutouts

#: Each of them waits for the store's answer, and for nothing else.
_AT_ONCE = 8


def store_results(store: ObjectStore, job: Job, cutouts: Cutouts) -> None:
    """Store all pictures of a job, several at once. When it returns or raises, no upload is still running.

    Raises:
        ObjectStoreUnavailable: Not all of them are stored.
    """

    def put(result: tuple[str, bytes]) -> None:
        store.put_result(job.lease, *result, job.options.rendition.format)

    results = list(_results(job, cutouts))
    if len(results) == 1:
        put(results[0])
        return
    with ThreadPoolExecutor(min(len(results), _AT_ONCE)) as pool:
        list(pool.map(put, results))


def _results(job: Job, cutouts: Cutouts) -> Iterator[tuple[str, bytes]]:
    for form, pictures in cutouts.by_form.items():
        yield job.options.name_of(form, IMAGE), pictures.image
        for category, data in pictures.categories.items():
            if data is not None:
                yield job.options.name_of(form, category), data
