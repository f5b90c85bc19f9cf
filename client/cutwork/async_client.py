"""The client for programs that do other things meanwhile: the same calls, to be awaited."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self

import anyio

from cutwork import calls
from cutwork.access import Access, find_access
from cutwork.client import PATIENCE, Photo, Result, bytes_of
from cutwork.errors import CutworkError, JobFailed, TryLater, Unreachable
from cutwork.files import write_whole
from cutwork.jobs import Job, Picture, Status
from cutwork.options import Options
from cutwork.patience import Patience
from cutwork.transport import AsyncTransport


class AsyncClient:
    """A service, and a key for it. `Client` says what its methods do.

    `async with AsyncClient() as client: job = await client.cut("photo.jpg")`
    """

    def __init__(self, access: Access | None = None, patience: float = PATIENCE) -> None:
        """Connect with the first call, as `Client` does."""
        self.access = access or find_access()
        self._patience = patience
        self._transport = AsyncTransport(self.access)

    async def cut(self, photo: Photo, options: Options | None = None, **form: str) -> Job:
        """Cut a photo out, and wait for the result; may raise `JobFailed`."""
        job = await self.submit(photo, options, wait=calls.MAX_WAIT, **form)
        job = await self.wait(job)
        if job.status is not Status.SUCCEEDED:
            raise JobFailed(job)
        return job

    async def submit(
        self,
        photo: Photo,
        options: Options | None = None,
        *,
        idempotency_key: str = "",
        wait: float = 0,
        **form: str,
    ) -> Job:
        """Send a photo."""
        fields = (options or Options()).fields() | form
        content = await anyio.to_thread.run_sync(bytes_of, photo)
        key = idempotency_key or uuid.uuid4().hex
        return await self._make(calls.submission(content, fields, key, wait), calls.job_of)

    async def get(self, task_id: str, wait: float = 0) -> Job:
        """Ask for a job."""
        return await self._make(calls.question(task_id, wait), calls.job_of)

    async def get_many(self, task_ids: Collection[str], wait: float = 0) -> calls.Found:
        """Ask for up to 100 jobs at once."""
        return await self._make(calls.question_for_many(task_ids, wait), calls.jobs_of)

    async def wait(self, job: Job) -> Job:
        """Wait until a job has ended."""
        while job.status.is_live:
            began = time.monotonic()
            job = await self.get(job.task_id, wait=calls.MAX_WAIT)
            if job.status.is_live and time.monotonic() - began < 1:
                await anyio.sleep(1)
        return job

    async def erase(self, task_id: str) -> None:
        """Delete a job with its photo and its results."""
        await self._make(calls.erasure(task_id), calls.check_erased)

    async def check(self) -> None:
        """Check that the service answers, and accepts the key."""
        await self._make(calls.greeting(), calls.checked)

    async def fetch(self, picture: Picture) -> bytes:
        """Read a result."""
        async with self._transport.download(picture.url) as (_, chunks):
            return b"".join([chunk async for chunk in chunks])

    async def save(self, picture: Picture, path: str | PathLike[str]) -> Path:
        """Write a result into a file, which is there whole or not at all."""
        content = await self.fetch(picture)
        await anyio.to_thread.run_sync(write_whole, Path(path), content)
        return Path(path)

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _make(self, call: calls.Call, read: Callable[[calls.Answer], Result]) -> Result:
        patience = Patience(self._patience)
        while True:
            try:
                return read(await self._transport.send(call))
            except (TryLater, Unreachable) as error:
                failed: CutworkError = error
            await anyio.sleep(patience.pause_after(failed))
