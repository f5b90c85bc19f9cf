"""The client for programs that wait for each call."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

from cutwork import calls
from cutwork.access import Access, find_access
from cutwork.errors import CutworkError, JobFailed, TryLater, Unreachable
from cutwork.files import draft
from cutwork.jobs import Job, Picture, Status
from cutwork.options import Options
from cutwork.patience import Patience
from cutwork.transport import Transport

Photo = bytes | str | PathLike[str]
Result = TypeVar("Result")

#: For how long a call is repeated that failed for a passing reason, in seconds.
PATIENCE = 60.0


class Sink(Protocol):
    """Something that takes bytes, such as an open file."""

    def write(self, chunk: bytes, /) -> object:
        """Take these bytes."""


class Client:
    """A service, and a key for it. Threads may share one.

    `with Client() as client: job = client.cut("photo.jpg", Options(classes=["tops"]))`
    """

    def __init__(self, access: Access | None = None, patience: float = PATIENCE) -> None:
        """Connect with the first call.

        Args:
            access: Where the service is; left out, what CUTWORK_URL, CUTWORK_KEY and `cutwork login` say.
            patience: For how long a call is repeated that failed for a passing reason (no room, no answer), in seconds.
        """
        self.access = access or find_access()
        self._patience = patience
        self._transport = Transport(self.access)

    def cut(self, photo: Photo, options: Options | None = None, **form: str) -> Job:
        """Cut a photo out, and wait for the result.

        Raises:
            JobFailed: There is no result; the error says why.
        """
        job = self.wait(self.submit(photo, options, wait=calls.MAX_WAIT, **form))
        if job.status is not Status.SUCCEEDED:
            raise JobFailed(job)
        return job

    def submit(
        self,
        photo: Photo,
        options: Options | None = None,
        *,
        idempotency_key: str = "",
        wait: float = 0,
        **form: str,
    ) -> Job:
        """Send a photo.

        Args:
            photo: Its bytes, or its file.
            options: How the pictures shall look.
            idempotency_key: Two calls with the same key make one job. Left out: a new key for this call.
            wait: For how many seconds, 30 at most, the service may hold the answer back until the job is done.
            form: More fields, such as `reference`.
        """
        fields = (options or Options()).fields() | form
        key = idempotency_key or uuid.uuid4().hex
        call = calls.submission(bytes_of(photo), fields, key, wait)
        return self._make(call, calls.job_of)

    def get(self, task_id: str, wait: float = 0) -> Job:
        """Ask for a job; with `wait`, until it has ended, 30 seconds at most."""
        return self._make(calls.question(task_id, wait), calls.job_of)

    def get_many(self, task_ids: Collection[str], wait: float = 0) -> calls.Found:
        """Ask for up to 100 jobs at once; with `wait`, until one of them has ended, 30 seconds at most."""
        return self._make(calls.question_for_many(task_ids, wait), calls.jobs_of)

    def wait(self, job: Job) -> Job:
        """Wait until a job has ended."""
        while job.status.is_live:
            began = time.monotonic()
            job = self.get(job.task_id, wait=calls.MAX_WAIT)
            if job.status.is_live and time.monotonic() - began < 1:
                time.sleep(1)  # The service had no room to let us wait.
        return job

    def erase(self, task_id: str) -> None:
        """Delete a job with its photo and its results."""
        self._make(calls.erasure(task_id), calls.check_erased)

    def check(self) -> None:
        """Check that the service answers, and accepts the key.

        Raises:
            KeyRefused: It does not accept the key.
            Unreachable: It does not answer.
        """
        self._make(calls.greeting(), calls.checked)

    def fetch(self, picture: Picture, into: Sink) -> str:
        """Write a result's bytes into an open file, and return their type, such as `image/png`."""
        with self._transport.download(picture.url) as (kind, chunks):
            for chunk in chunks:
                into.write(chunk)
        return kind

    def save(self, picture: Picture, path: str | PathLike[str]) -> Path:
        """Write a result into a file, which is there whole or not at all."""
        path = Path(path)
        with draft(path.parent) as begun:
            self.fetch(picture, begun.file)
            begun.publish(path)
        return path

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _make(self, call: calls.Call, read: Callable[[calls.Answer], Result]) -> Result:
        patience = Patience(self._patience)
        while True:
            try:
                return read(self._transport.send(call))
            except (TryLater, Unreachable) as error:
                failed: CutworkError = error
            time.sleep(patience.pause_after(failed))


def bytes_of(photo: Photo) -> bytes:
    """Return a photo's bytes; read them if a file is given."""
    return photo if isinstance(photo, bytes) else Path(photo).read_bytes()
