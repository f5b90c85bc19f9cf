"""All pictures of several jobs as the members of one archive, a folder a job. A file of it tells what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from api.answers.zip_stream import Member
from shared.errors import ObjectMissing
from shared.job import LIVE, Job
from shared.jobs.envelope import failure_of, names_of_results
from shared.objects.store import ObjectStore

LEFT_OUT = "left-out.txt"

#: What a folder may be called on every system.
_STRANGE = re.compile(r"[^\w .()+-]+")
_LONGEST_NAME = 80


class Archive:
    """The members of one archive."""

    def __init__(self, store: ObjectStore, named: Sequence[str], found: Mapping[str, Job]) -> None:
        """Describe it; nothing is read yet.

        Args:
            store: Has the pictures.
            named: The ids, as the client sent them.
            found: Those that are its jobs.
        """
        self._store = store
        self._named = named
        self._found = found
        self._folders: set[str] = set()
        self._left_out: list[str] = []

    def members(self) -> Iterator[Member]:
        """Give each picture, in the order in which the jobs were named, and what is missing at the end."""
        for name in dict.fromkeys(self._named):
            job = self._found.get(name)
            reason = "There is no such task under your API key." if job is None else _why_none(job)
            if job is None or reason:
                self._left_out.append(f"{name}  {reason}")
            else:
                yield from self._pictures_of(job)
        if self._left_out:
            text = "".join(f"{line}\n" for line in self._left_out)
            yield Member(LEFT_OUT, datetime.now(UTC), text.encode())

    def _pictures_of(self, job: Job) -> Iterator[Member]:
        folder, changed_at = self._folder_of(job), job.finished_at or job.created_at
        for name in names_of_results(job):
            try:
                content = self._store.get_result(job, name)
            except ObjectMissing:
                self._left_out.append(
                    f"{job.id}  {name} is gone: it may have been deleted meanwhile."
                )
            else:
                ending = job.options.rendition.format
                yield Member(f"{folder}/{name}.{ending}", changed_at, content)

    def _folder_of(self, job: Job) -> str:
        """Call it as its client calls the job; several jobs may be called the same."""
        reference = re.sub(r"\.(jpe?g|png|bmp)$", "", job.tags.reference, flags=re.IGNORECASE)
        usual = _STRANGE.sub("_", reference).strip(" .")[:_LONGEST_NAME].strip() or str(job.id)
        folder, number = usual, 1
        while folder.casefold() in self._folders:
            number += 1
            folder = f"{usual} ({number})"
        self._folders.add(folder.casefold())
        return folder


def _why_none(job: Job) -> str:
    """Say why a job has no pictures; empty if it has."""
    failure = failure_of(job)
    if failure is not None:
        return f"{failure.code}: {failure.message}"
    return "It has not finished yet." if job.status in LIVE else ""
