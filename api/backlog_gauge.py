"""The length of the queue, for every upload, without counting it for every upload."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from shared.backlog import Backlog
from shared.job_store import JobStore

#: How long a count is good for. In between, what this process let in is added to it; what the others let in is not,
#: so limits may be overrun by what they take in during this time.
_FRESH_SECONDS = 1.0


@dataclass
class _Reading:
    backlog: Backlog
    stale_at: float
    let_in: int = 0


class BacklogGauge:
    """Backlogs of single tenants, and of all together under None."""

    def __init__(
        self, job_store: JobStore, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Use a job table; it is asked at most once a second and tenant."""
        self._job_store = job_store
        self._monotonic = monotonic
        self._readings: dict[str | None, _Reading] = {}

    def read(self, tenant: str | None) -> Backlog:
        """Tell the backlog as it was a moment ago.

        Raises:
            DatabaseUnavailable: The jobs cannot be counted.
        """
        now = self._monotonic()
        reading = self._readings.get(tenant)
        if reading is None or now >= reading.stale_at:
            if reading is not None:
                # Others that ask while this one counts go on with the old count.
                reading.stale_at = now + _FRESH_SECONDS
            backlog = self._job_store.measure_backlog(tenant)
            reading = self._readings[tenant] = _Reading(backlog, now + _FRESH_SECONDS)
        return replace(reading.backlog, queued=reading.backlog.queued + reading.let_in)

    def let_in(self, tenant: str) -> None:
        """Count one more job, of this tenant and of all."""
        for name in (tenant, None):
            if name in self._readings:
                self._readings[name].let_in += 1
