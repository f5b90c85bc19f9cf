"""Stand-ins that keep everything in memory. `tests/conformance` holds them to the real ones.

They inherit from these for the type checker's sake: a signature that drifts is an error. Nothing of a parent runs.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection
from datetime import datetime

from api.admission.backlog_cache import BacklogCache, Lookup
from shared.errors import BrokerUnavailable, ObjectMissing, ObjectStoreUnavailable
from shared.job import Job, Lease, Queue
from shared.jobs.backlog import Backlog
from shared.messaging.broker import Broker, Duty
from shared.objects.store import ObjectStore
from shared.operations.fleet import Fleet, Seen, Worker
from shared.wire.rendition import Format


class InMemoryObjectStore(ObjectStore):
    """Both buckets as dictionaries."""

    def __init__(self) -> None:
        #: Set it to let every call but `sign_result` fail, as when nothing answers.
        self.is_down = False
        #: Jobs whose objects may not be deleted.
        self.undeletable: set[uuid.UUID] = set()
        self.inputs: dict[uuid.UUID, bytes] = {}
        self.results: dict[tuple[uuid.UUID, int, str], bytes] = {}
        self._lock = threading.Lock()

    def put_input(self, job_id: uuid.UUID, data: bytes) -> None:
        self._answer()
        self.inputs[job_id] = data

    def sign_upload(
        self, job_id: uuid.UUID, expires_at: datetime, max_bytes: int, host: str = ""
    ) -> tuple[str, dict[str, str]]:
        return "https://uploads.test/inputs", {"key": str(job_id), "policy": str(max_bytes)}

    def get_input(self, job_id: uuid.UUID) -> bytes:
        self._answer()
        if job_id not in self.inputs:
            raise ObjectMissing("the object store does not have the object")
        return self.inputs[job_id]

    def delete_input(self, job_id: uuid.UUID) -> None:
        self._answer()
        self.inputs.pop(job_id, None)

    def put_result(
        self, lease: Lease, name: str, data: bytes, picture_format: Format = Format.PNG
    ) -> None:
        self._answer()
        with self._lock:
            self.results[lease.job_id, lease.attempt, name] = data

    def get_result(self, job: Job, name: str) -> bytes:
        self._answer()
        if (job.id, job.attempt, name) not in self.results:
            raise ObjectMissing("the object store does not have the object")
        return self.results[job.id, job.attempt, name]

    def sign_result(self, job: Job, name: str, host: str = "") -> str:
        seconds = max(1, int(job.remaining.total_seconds()))
        return f"https://results.test/{job.id}/{job.attempt}/{name}.{job.options.rendition.format}?expires={seconds}"

    def results_origin(self, host: str = "") -> str:
        return "https://results.test"

    def delete_results(self, job_id: uuid.UUID) -> None:
        self._answer()
        with self._lock:
            for key in [key for key in self.results if key[0] == job_id]:
                del self.results[key]

    def delete_inputs(self, job_ids: Collection[uuid.UUID]) -> None:
        for job_id in job_ids:
            self.delete_input(job_id)

    def delete_jobs(self, job_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
        self._answer()
        for job_id in set(job_ids) - self.undeletable:
            self.delete_results(job_id)
            self.delete_input(job_id)
        return dict.fromkeys(self.undeletable & set(job_ids), "AccessDenied")

    def delete_attempt(self, lease: Lease) -> None:
        self._answer()
        with self._lock:
            for key in [key for key in self.results if key[:2] == (lease.job_id, lease.attempt)]:
                del self.results[key]

    def set_up(self) -> None:
        self._answer()

    def check(self) -> None:
        self._answer()

    def check_pages(self, cure: str = "", *, in_public: bool = False) -> None:
        """Let every page upload and read."""

    def _answer(self) -> None:
        if self.is_down:
            raise ObjectStoreUnavailable("the object store does not answer")


class RecordingBroker(Broker):
    """Remembers for which queues it was published; no message is ever delivered."""

    def __init__(self) -> None:
        #: Set it to let every call fail, as when nothing answers.
        self.is_down = False
        self.published: list[Queue] = []
        #: How long ago each duty was done last; a test may let time pass.
        self.since: dict[Duty, float] = {}

    def publish(self, queue: Queue) -> None:
        self._answer()
        self.published.append(queue)

    def publish_many(self, queue: Queue, count: int) -> None:
        self._answer()
        self.published.extend([queue] * count)

    def count_messages(self, queue: Queue) -> int:
        self._answer()
        return self.published.count(queue)

    def note(self, duty: Duty) -> None:
        self._answer()
        self.since[duty] = 0.0

    def seconds_since(self, duty: Duty) -> float | None:
        self._answer()
        return self.since.get(duty)

    def ping(self) -> None:
        self._answer()

    def _answer(self) -> None:
        if self.is_down:
            raise BrokerUnavailable("Redis does not answer")


class InMemoryFleet(Fleet):
    """Remembers what was said; a test may let time pass."""

    def __init__(self) -> None:
        self.is_down = False
        self.said: dict[str, Worker] = {}
        self.seconds_ago = 0.0

    def say(self, worker: Worker) -> None:
        self._answer()
        self.said[worker.name] = worker

    def leave(self, name: str) -> None:
        self._answer()
        self.said.pop(name, None)

    def look(self) -> list[Seen]:
        self._answer()
        return [Seen(worker, self.seconds_ago) for worker in self.said.values()]

    def _answer(self) -> None:
        if self.is_down:
            raise BrokerUnavailable("Redis does not answer")


class UnsharedBacklogCache(BacklogCache):
    """Nobody else counts."""

    def __init__(self) -> None:
        """Need no Redis."""

    def look(self, tenant: str | None) -> Lookup:
        return Lookup(None, is_my_turn=True)

    def store(self, tenant: str | None, backlog: Backlog) -> None:
        """Keep nothing."""
