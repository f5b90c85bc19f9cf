"""The length of the queue, for every upload, without counting it for every upload, or in every process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from api.admission.backlog_cache import BacklogCache
from shared.jobs.backlog import Backlog
from shared.jobs.store import JobStore
from shared.settings.settings import Settings
from shared.tenants.api_key import Caller

Name = TypeVar("Name", str, str | None)

#: How long a count of the backlog is used. Jobs of this process are added to it meanwhile, those of others are not: so
#: far a limit may be overrun.
_FRESH_SECONDS = 1.0
#: The same while Redis is away, and each process has to count by itself.
_FRESH_ALONE_SECONDS = 5.0
#: Nobody asks how much longer than its limit a queue is: counting ends a tenth above.
_ABOVE_LIMIT = 1.1


@dataclass
class _Reading:
    backlog: Backlog
    stale_at: float
    let_in: int = 0


class Place:
    """A place in the queue, taken before there is a job for it."""

    def __init__(self, readings: Iterable[_Reading]) -> None:
        self._readings = list(readings)
        for reading in self._readings:
            reading.let_in += 1

    def give_back(self) -> None:
        """No job was made: it does not wait. Counts that were made since never knew of it."""
        for reading in self._readings:
            reading.let_in -= 1


class BacklogGauge:
    """Backlogs of single tenants, of keys with a limit of their own, and of all together under None."""

    def __init__(
        self,
        settings: Settings,
        job_store: JobStore,
        cache: BacklogCache,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use a job table; of all processes one asks it a second and tenant."""
        self._settings = settings
        self._job_store = job_store
        self._cache = cache
        self._monotonic = monotonic
        self._readings: dict[str | None, _Reading] = {}
        self._of_keys: dict[str, _Reading] = {}

    def read(self, tenant: str | None) -> Backlog:
        """Report the backlog as it was a moment ago; of one far above its limit only that it is.

        Raises:
            DatabaseUnavailable: The jobs cannot be counted.
        """
        return self._fresh(self._readings, tenant, lambda now: self._read_anew(tenant, now))

    def read_key(self, caller: Caller, limit: int) -> Backlog:
        """Report how much was sent with a key and waits; its pace is its tenant's.

        Each process counts by itself: such keys are few, and so is what is counted of them.

        Raises:
            DatabaseUnavailable: The jobs cannot be counted.
        """

        def read_anew(now: float) -> _Reading:
            queued = self._job_store.count_of_key(caller.key_id, int(limit * _ABOVE_LIMIT) + 1)
            return _Reading(replace(self.read(caller.tenant), queued=queued), now + _FRESH_SECONDS)

        return self._fresh(self._of_keys, caller.key_id, read_anew)

    def let_in(self, caller: Caller) -> Place:
        """Count one more job, of this key, of its tenant and of all."""
        readings = (
            *map(self._readings.get, (caller.tenant, None)),
            self._of_keys.get(caller.key_id),
        )
        return Place(reading for reading in readings if reading is not None)

    def _fresh(
        self, readings: dict[Name, _Reading], name: Name, read_anew: Callable[[float], _Reading]
    ) -> Backlog:
        now = self._monotonic()
        reading = readings.get(name)
        if reading is None or now >= reading.stale_at:
            if reading is not None:
                # Others that ask while this one counts go on with the old count.
                reading.stale_at = now + _FRESH_SECONDS
            reading = readings[name] = read_anew(now)
        return _now(reading)

    def _read_anew(self, tenant: str | None, now: float) -> _Reading:
        found = self._cache.look(tenant)
        if found.backlog is not None:
            return _Reading(found.backlog, now + _FRESH_SECONDS)
        backlog = self._job_store.measure_backlog(tenant, self._at_most(tenant))
        if found.is_my_turn:
            self._cache.store(tenant, backlog)
            return _Reading(backlog, now + _FRESH_SECONDS)
        return _Reading(backlog, now + _FRESH_ALONE_SECONDS)

    def _at_most(self, tenant: str | None) -> int:
        limits = self._settings
        limit = limits.max_queued if tenant is None else limits.max_queued_per_tenant
        return int(limit * _ABOVE_LIMIT) + 1


def _now(reading: _Reading) -> Backlog:
    return replace(reading.backlog, queued=reading.backlog.queued + reading.let_in)
