"""The files of a batch, as streams: a page of its items is in memory, and one picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from api.answers.batches import BatchLine, tell_end, tell_items
from api.answers.envelope import Describe
from api.answers.file_names import files_of, stem_of
from api.answers.zip_stream import Member, zip_stream
from api.services import Services
from shared.batches.batch import Batch, Item, Outcome
from shared.errors import ObjectMissing
from shared.job import Job, JobStatus
from shared.objects.store import ObjectStore

#: Items that are read together.
_PAGE = 200


def output_lines(services: Services, batch: Batch, describe: Describe) -> Iterator[bytes]:
    """Write a line of JSON for each item that has succeeded, in the order of the input."""
    for item, job in _ended(services, batch, {Outcome.SUCCEEDED}):
        found = {} if job is None else {item.job_id: job}
        yield from map(_json, tell_items([item], found, describe))


def error_lines(services: Services, batch: Batch) -> Iterator[bytes]:
    """Write a line of JSON for each item that has ended otherwise."""
    for item, job in _ended(services, batch, {Outcome.FAILED, Outcome.CANCELLED}):
        yield _json(tell_end(item, job))


def pictures(services: Services, batch: Batch, after: int = 0) -> Iterator[bytes]:
    """Write an archive of all pictures behind a line, in the order of the input.

    An item has a folder, since others may have its reference; and no other one has its line.
    """
    return zip_stream(
        Member(f"{item.line:05}/{name}", job.created_at, content)
        for item, job in _ended(services, batch, {Outcome.SUCCEEDED}, after)
        if job is not None and job.seen_as is JobStatus.SUCCEEDED
        for name, content in _pictures_of(services.object_store, job)
    )


def _ended(
    services: Services, batch: Batch, outcomes: set[Outcome], after: int = 0
) -> Iterator[tuple[Item, Job | None]]:
    """Read the items that ended so, each with its job if that is still there."""
    while True:
        page = services.batches.read_items(batch.id, batch.tenant, after, _PAGE)
        if page is None or not page.items:
            return
        wanted = [item for item in page.items if item.outcome in outcomes]
        found = services.job_store.find_all([item.job_id for item in wanted], batch.tenant)
        jobs = {job.id: job for job in found}
        for item in wanted:
            yield item, jobs.get(item.job_id)
        after = page.items[-1].line


def _pictures_of(object_store: ObjectStore, job: Job) -> Iterator[tuple[str, bytes]]:
    for result, file_name in files_of(job, stem_of(job)):
        # Its owner may delete it meanwhile.
        with suppress(ObjectMissing):
            yield file_name, object_store.get_result(job, result)


def _json(line: BatchLine) -> bytes:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
