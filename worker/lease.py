"""The heart of a worker: extends the leases of running jobs, and notices the ones that hang."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from shared.errors import DatabaseUnavailable
from shared.job import Lease
from shared.job_store import JobStore
from shared.logs import get_logger

_log = get_logger(__name__)

#: Beats in the time of one lease: two may fail before the job is taken away.
_BEATS_PER_LEASE = 3


class LeaseKeeper:
    """One thread that beats for every job this process works on."""

    def __init__(
        self,
        job_store: JobStore,
        *,
        lease: timedelta,
        run_timeout: timedelta,
        on_hung: Callable[[Lease], None],
    ) -> None:
        """Prepare the thread.

        Args:
            job_store: Where leases are extended.
            lease: How long one extension lasts.
            run_timeout: From then on an attempt hangs: it gets no further beat.
            on_hung: Called at each beat for an attempt that hangs; expected to end the process.
        """
        self._job_store = job_store
        self._interval = lease.total_seconds() / _BEATS_PER_LEASE
        self._run_timeout = run_timeout.total_seconds()
        self._on_hung = on_hung
        self._started: dict[Lease, float] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease-keeper", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
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
            with self._lock:
                self._started.pop(lease, None)

    def held(self) -> list[Lease]:
        """List the attempts that run at this moment."""
        with self._lock:
            return list(self._started)

    def _beat(self) -> None:
        while not self._stopping.wait(self._next_beat()):
            for lease in self.held():
                if self._is_hung(lease):
                    self._on_hung(lease)
                else:
                    self._extend(lease)

    def _next_beat(self) -> float:
        return min(self._interval, self._run_timeout / _BEATS_PER_LEASE)

    def _is_hung(self, lease: Lease) -> bool:
        with self._lock:
            started = self._started.get(lease)
        return started is not None and time.monotonic() - started > self._run_timeout

    def _extend(self, lease: Lease) -> None:
        try:
            kept = self._job_store.extend(lease)
        except DatabaseUnavailable:
            _log.warning("lease.beat_missed", task_id=str(lease.job_id), attempt=lease.attempt)
            return
        if not kept and lease in self.held():
            # Cancelled, or taken over after a pause. Its completion will be refused by the same fence.
            _log.warning("lease.lost", task_id=str(lease.job_id), attempt=lease.attempt)
