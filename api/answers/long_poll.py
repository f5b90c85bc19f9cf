"""Waiting for jobs without asking the database all the time.

One listener a process hears which jobs have finished and wakes who waits for them. Announcements may get lost, so
every waiter also looks at the job table now and then, and nothing depends on the listener but speed.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TypeVar

from api.metrics import WAITS
from api.resilience.bulkhead import Bulkhead
from shared.errors import BrokerUnavailable, DatabaseUnavailable
from shared.job import LIVE, Job
from shared.jobs.store import JobStore
from shared.messaging import announcements
from shared.settings.settings import Settings
from shared.telemetry.logs import about, get_logger

log = get_logger(__name__)

Found = TypeVar("Found")
#: `shared.messaging.announcements.listen`.
Listen = Callable[[Settings, Callable[[uuid.UUID], None], Callable[[], bool]], None]

#: Seconds between two looks at the job table: the first, the longest, and how fast they grow.
_FIRST_LOOK, _LAST_LOOK, _LOOK_GROWTH = 1.0, 5.0, 1.5
#: Seconds between two attempts to listen.
_FIRST_RETRY, _LAST_RETRY = 0.5, 15.0


class LongPolls:
    """A bounded number of waiters, shared fairly by tenant, and the listener that wakes them.

    Uses `threading` only, so under gevent's patches its thread and all waiters are greenlets.
    """

    def __init__(
        self, settings: Settings, job_store: JobStore, listen: Listen = announcements.listen
    ) -> None:
        """Prepare it; without `start` its waiters rely on the job table."""
        self._settings = settings
        self._job_store = job_store
        self._listen = listen
        self._bulkhead = Bulkhead(settings.waiting_slots)
        self._events: defaultdict[uuid.UUID, set[threading.Event]] = defaultdict(set)
        self._events_lock = threading.Lock()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to listen; call it once a process, after any fork."""
        threading.Thread(target=self._keep_listening, name="long-polls", daemon=True).start()

    def stop(self) -> None:
        """End the listening within about a second."""
        self._stopping.set()

    @contextmanager
    def slot(self, tenant: str, seconds: float) -> Iterator[float]:
        """Hold a place to wait inside, and give the seconds that may be waited: all, or none without a place."""
        if seconds <= 0:
            yield 0
            return
        with self._bulkhead.slot(tenant) as has_slot:
            if has_slot:
                with WAITS.track_inprogress():
                    yield seconds
            else:
                yield 0

    @property
    def slot_seconds(self) -> float:
        """How long places were held lately: after this time it makes sense to ask again for one."""
        return self._bulkhead.mean_seconds

    def wait(self, job_id: uuid.UUID, tenant: str, seconds: float) -> Job | None:
        """Wait until a job is finished, or the time is up, and return it as it then is.

        With no slot free, or no time to wait, it is returned as it is.

        Returns:
            None if the tenant has no such job.

        Raises:
            DatabaseUnavailable: The job cannot be read.
        """
        with self.slot(tenant, seconds) as granted:
            return self._wait(job_id, tenant, granted)

    def wait_for_any(
        self, job_ids: Collection[uuid.UUID], tenant: str, seconds: float
    ) -> list[Job]:
        """Wait until one of some jobs is finished, or the time is up, and return those that the tenant has.

        Raises:
            DatabaseUnavailable: They cannot be read.
        """
        with self.slot(tenant, seconds) as granted:
            return self._keep_looking(
                job_ids,
                granted,
                lambda: self._job_store.find_all(job_ids, tenant),
                lambda found: not found or any(job.status not in LIVE for job in found),
            )

    def wait_until(
        self,
        tenant: str,
        seconds: float,
        look: Callable[[], Found],
        is_over: Callable[[Found], bool],
    ) -> Found:
        """Look now and then until it is over or the time is up: for what is no job, and is not announced."""
        with self.slot(tenant, seconds) as granted:
            return self._keep_looking((), granted, look, is_over)

    def watch(self, job: Job, seconds: float) -> Job:
        """Wait for a job that was just stored, as long as its `slot` allows.

        Its id is the answer even if the database has gone away since.
        """
        if seconds <= 0 or job.status not in LIVE:
            return job
        try:
            return self._wait(job.id, job.tenant, seconds) or job
        except DatabaseUnavailable as error:
            log.warning("job.unwatched", **about(job), reason=str(error))
            return job

    def wake(self, job_id: uuid.UUID) -> None:
        """Wake all who wait for a job."""
        with self._events_lock:
            for event in self._events.get(job_id, ()):
                event.set()

    def _wait(self, job_id: uuid.UUID, tenant: str, seconds: float) -> Job | None:
        return self._keep_looking(
            [job_id],
            seconds,
            lambda: self._job_store.find(job_id, tenant),
            lambda job: job is None or job.status not in LIVE,
        )

    def _keep_looking(
        self,
        job_ids: Collection[uuid.UUID],
        seconds: float,
        look: Callable[[], Found],
        is_over: Callable[[Found], bool],
    ) -> Found:
        """Look whenever one of these jobs is announced, and now and then, until it is over or the time is up."""
        deadline = time.monotonic() + seconds
        pause = _FIRST_LOOK
        with self._event_for(job_ids) as event:
            while True:
                # Cleared before the look: what is announced after the look wakes at once.
                event.clear()
                found = look()
                remaining = deadline - time.monotonic()
                if is_over(found) or remaining <= 0:
                    return found
                event.wait(min(pause, remaining))
                pause = min(pause * _LOOK_GROWTH, _LAST_LOOK)

    @contextmanager
    def _event_for(self, job_ids: Collection[uuid.UUID]) -> Iterator[threading.Event]:
        event = threading.Event()
        with self._events_lock:
            for job_id in job_ids:
                self._events[job_id].add(event)
        try:
            yield event
        finally:
            with self._events_lock:
                for job_id in job_ids:
                    self._forget(job_id, event)

    def _forget(self, job_id: uuid.UUID, event: threading.Event) -> None:
        self._events[job_id].discard(event)
        if not self._events[job_id]:
            del self._events[job_id]

    def _keep_listening(self) -> None:
        pause = _FIRST_RETRY
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._listen(self._settings, self.wake, self._stopping.is_set)
            except Exception as error:
                # A connection that held for a while was a good one: start again from a short pause.
                pause = _FIRST_RETRY if time.monotonic() - began > _LAST_RETRY else pause
                if isinstance(error, BrokerUnavailable):
                    log.warning("announcements.unheard", reason=str(error), retry_seconds=pause)
                else:
                    log.exception("announcements.fault", retry_seconds=pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, _LAST_RETRY)
