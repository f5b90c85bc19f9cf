"""Takes a sample of the whole installation once a minute, for the plots of `/ops`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import BrokerUnavailable, Unavailable
from shared.jobs.matching import WINDOW
from shared.jobs.store import JobStore
from shared.operations.fleet import Fleet, kinds_of
from shared.operations.samples import Samples
from shared.telemetry.logs import get_logger

_log = get_logger(__name__)


@dataclass(frozen=True)
class Sampler:
    """Takes a sample in each minute in which no other one has."""

    samples: Samples
    job_store: JobStore
    fleet: Fleet

    def run(self) -> bool:
        """Take a sample if one is due, and the database answers; False, since there is never more to do."""
        try:
            if self.samples.is_due():
                backlog = self.job_store.measure_backlog(None, WINDOW)
                self.samples.take(backlog, self._kinds())
        except Unavailable as error:
            _log.warning("sample.failed", reason=str(error))
        return False

    def _kinds(self) -> Mapping[str, int] | None:
        try:
            return kinds_of(self.fleet.look())
        except BrokerUnavailable:
            return None
