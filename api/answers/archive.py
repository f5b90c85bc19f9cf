"""All pictures of several jobs as the members of one archive. A file of it tells what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from api.answers.file_names import files_of, stem_of
from api.answers.zip_stream import Member
from shared.errors import ObjectMissing
from shared.job import LIVE, Job
from shared.jobs.envelope import failure_of
from shared.objects.store import ObjectStore

LEFT_OUT = "left-out.txt"


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
        self._taken: set[str] = set()
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
        changed_at = job.finished_at or job.created_at
        for result, file_name in self._files_of(job):
            try:
                content = self._store.get_result(job, result)
            except ObjectMissing:
                self._left_out.append(
                    f"{job.id}  {result} is gone: it may have been deleted meanwhile."
                )
            else:
                yield Member(file_name, changed_at, content)

    def _files_of(self, job: Job) -> list[tuple[str, str]]:
        """Name its files; several jobs may be called the same, and then get numbers."""
        usual = stem_of(job)
        stem, number = usual, 1
        while self._taken & _folded(files := list(files_of(job, stem))):
            number += 1
            stem = f"{usual} ({number})"
        self._taken |= _folded(files)
        return files


def _folded(files: Iterable[tuple[str, str]]) -> set[str]:
    """Make their names what a system that ignores capitals makes of them."""
    return {file_name.casefold() for _, file_name in files}


def _why_none(job: Job) -> str:
    """Say why a job has no pictures; empty if it has."""
    failure = failure_of(job)
    if failure is not None:
        return f"{failure.code}: {failure.message}"
    return "It has not finished yet." if job.status in LIVE else ""
