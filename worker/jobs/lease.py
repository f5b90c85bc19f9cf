"""The heartbeat of a worker: it extends the leases of running jobs."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from shared.errors import DatabaseUnavailable
from shared.job import Lease
from shared.jobs.store import JobStore
from shared.telemetry.logs import get_logger

_log = get_logger(__name__)

#: Beats in the time of one lease: two may fail before the job is taken away.
_BEATS_PER_LEASE = 3
#: One refusal may come between the moment in which a job's end is written and the one in which its lease is dropped.
_REFUSALS_OF_A_LOST_ONE = 2


class LeaseKeeper:
    """One thread that beats for every job this process works on."""

    def __init__(self, job_store: JobStore, lease: timedelta) -> None:
        """Prepare the thread.

        Args:
            job_store: Where leases are extended.
            lease: How long one extension lasts.
        """
        self._job_store = job_store
        #: How long one extension lasts.
        self.lease = lease
        self._interval = lease.total_seconds() / _BEATS_PER_LEASE
        self._started: dict[Lease, float] = {}
        self._refusals: Counter[Lease] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease-keeper", daemon=True)
        self._beat_at = time.monotonic()

    def start(self) -> None:
        """Begin to beat."""
        self._beat_at = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Stop beating, and wait for the last beat."""
        self._stopping.set()
        self._thread.join()

    @contextmanager
    def hold(self, lease: Lease) -> Iterator[None]:
        """Keep a lease alive while its attempt runs."""
        with self._lock:
            self._started[lease] = time.monotonic()
        try:
            yield
        finally:
            self.drop(lease)

    def drop(self, lease: Lease) -> None:
        """Extend a lease no more, though its attempt may still run."""
        with self._lock:
            self._started.pop(lease, None)

    def held(self) -> list[Lease]:
        """List the attempts that run at this moment."""
        with self._lock:
            return list(self._started)

    def held_for(self, at_least: timedelta) -> list[Lease]:
        """List the attempts that have run for so long."""
        latest_start = time.monotonic() - at_least.total_seconds()
        with self._lock:
            return [lease for lease, started in self._started.items() if started < latest_start]

    def seconds_held(self, lease: Lease) -> float:
        """Tell for how long an attempt has run; 0 if its lease is not held any more."""
        now = time.monotonic()
        with self._lock:
            return now - self._started.get(lease, now)

    def seconds_late(self) -> float:
        """Tell by how much the next beat is overdue, negative if it is not; infinite if the thread is dead."""
        if not self._thread.is_alive():
            return math.inf
        return time.monotonic() - self._beat_at - self._interval

    def release_all(self, *, are_suspect: bool) -> None:
        """Hand all attempts back, uncounted. Where that fails, the lease runs out by itself.

        Args:
            are_suspect: Whether any of them may have broken the device.
        """
        for lease in self.held():
            try:
                released = self._job_store.release(lease, is_suspect=are_suspect)
            except Exception as error:  # noqa: BLE001  one that cannot be released must not keep the others
                log_failure("lease.left", lease, error)
            else:
                _log.info("job.released" if released else "lease.left", **_about(lease))

    def _beat(self) -> None:
        while not self._stopping.wait(self._interval):
            self._beat_at = time.monotonic()
            held = self.held()
            self._refusals = Counter({it: n for it, n in self._refusals.items() if it in held})
            for lease in held:
                self._extend(lease)
                self._beat_at = time.monotonic()

    def _extend(self, lease: Lease) -> None:
        try:
            kept = self._job_store.extend(lease)
        except Exception as error:  # noqa: BLE001  whatever the database says: the next beat may succeed
            log_failure("lease.beat_missed", lease, error)
            return
        if kept:
            return
        self._refusals[lease] += 1
        if self._refusals[lease] == _REFUSALS_OF_A_LOST_ONE:
            # Cancelled, or taken over after a pause. Its completion will be refused by the same fence.
            _log.warning("lease.lost", **_about(lease))


def log_failure(event: str, lease: Lease, error: Exception) -> None:
    """Log that something could not be written of a lease; with a traceback, unless the database was away."""
    unforeseen = None if isinstance(error, DatabaseUnavailable) else error
    _log.warning(event, **_about(lease), exc_info=unforeseen)


def _about(lease: Lease) -> dict[str, str | int]:
    return {"task_id": str(lease.job_id), "attempt": lease.attempt}
