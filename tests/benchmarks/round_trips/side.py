"""One side of the comparison: does what each line says with the stores of its checkout, and says what that took.

Run by its path, with the checkout on PYTHONPATH: so one file can measure two of them.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

from shared.job import CutoutOptions, Job, NewJob, Queue
from shared.jobs.limits import Limits
from shared.jobs.store import JobStore
from shared.sql.database import Database
from shared.tenants.key_store import KeyStore

_LIMITS = Limits(lease=timedelta(seconds=30), max_attempts=3, deadline=timedelta(hours=1))
_TENANT = "shop"


class Client:
    """The stores of a front end and a worker, and the acts of both."""

    def __init__(self, url: str) -> None:
        """Connect."""
        database = Database(url)
        self._jobs, self._keys = JobStore(database, _LIMITS), KeyStore(database)
        _, self._key = self._keys.create(_TENANT)
        self._polled = self._upload()
        self.acts: dict[str, Callable[[], object]] = {
            "poll": self._poll,
            "upload": self._upload,
            "work": self._work,
        }

    def _poll(self) -> None:
        assert self._keys.find_caller(self._key)
        assert self._jobs.find(self._polled.id, _TENANT)

    def _upload(self) -> Job:
        assert self._keys.find_caller(self._key)
        job_id = uuid.uuid4()
        new = NewJob(
            id=job_id,
            log_id=job_id.hex,
            tenant=_TENANT,
            queue=Queue.BULK,
            options=CutoutOptions().words,
            input_bytes=1000,
            fingerprint="0" * 64,
        )
        job = self._jobs.create(new)
        assert job is not None
        return job

    def _work(self) -> None:
        """Claim one of those that wait, extend its lease once, and finish it."""
        job = self._jobs.claim(Queue.BULK, "worker-1", Queue.INTERACTIVE)
        assert job is not None
        assert self._jobs.extend(job.lease)
        assert self._jobs.complete(job.lease, {})


def answers() -> Iterator[dict[str, float]]:
    """Do what each line says, and tell the milliseconds of one such act."""
    clients: dict[str, Client] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        client = clients.get(asked["url"]) or clients.setdefault(asked["url"], Client(asked["url"]))
        act, times = client.acts[asked["act"]], int(asked["times"])
        began, cpu = time.perf_counter(), time.thread_time()
        for _ in range(times):
            act()
        cpu, wall = time.thread_time() - cpu, time.perf_counter() - began
        yield {"cpu": cpu / times * 1000, "wall": wall / times * 1000}


def main() -> None:
    """Answer each line with one."""
    for answer in answers():
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
