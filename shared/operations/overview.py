"""How the installation is at this moment: few questions, none of which depends on how much there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.errors import BrokerUnavailable
from shared.job import JobStatus
from shared.jobs.backlog import Backlog
from shared.jobs.matching import WINDOW, Matching
from shared.jobs.overseeing import Failures
from shared.jobs.store import JobStore
from shared.messaging.broker import Broker, Duty, duties_of, patience_of
from shared.operations.alarms import Alarm, find_alarms
from shared.operations.fleet import Fleet, Seen
from shared.settings.settings import Settings

#: How far back failures are counted.
FAILURES_OF = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Overview:
    """All numbers of a moment."""

    backlog: Backlog
    #: Jobs that are worked on.
    at_work: int
    failures: Failures
    #: None: Redis does not answer.
    fleet: Sequence[Seen] | None
    #: A duty of the sweeper's → how many seconds ago it was done; None: nobody knows.
    duties: Mapping[Duty, float | None]
    alarms: Sequence[Alarm]

    @property
    def is_more(self) -> bool:
        """Whether more wait than are counted."""
        return self.backlog.queued >= WINDOW


class Lookout:
    """Looks at the whole installation."""

    def __init__(
        self, settings: Settings, job_store: JobStore, broker: Broker, fleet: Fleet
    ) -> None:
        """Look at nothing yet."""
        self._patience = patience_of(settings)
        self._duties = duties_of(settings)
        self._job_store = job_store
        self._broker = broker
        self._fleet = fleet

    def look(self) -> Overview:
        """Look at all of it; Redis may be away, the database not.

        Raises:
            DatabaseUnavailable: It cannot be read.
        """
        backlog = self._job_store.measure_backlog(None, WINDOW)
        failures = self._job_store.count_failures(FAILURES_OF)
        fleet, duties = self._ask_redis()
        return Overview(
            backlog=backlog,
            at_work=self._job_store.count_matching(Matching(status=JobStatus.PROCESSING)),
            failures=failures,
            fleet=fleet,
            duties=duties,
            alarms=list(find_alarms(backlog, failures, fleet, duties, self._patience)),
        )

    def _ask_redis(self) -> tuple[list[Seen] | None, dict[Duty, float | None]]:
        try:
            done = {duty: self._broker.seconds_since(duty) for duty in self._duties}
            return self._fleet.look(), done
        except BrokerUnavailable:
            return None, {}
