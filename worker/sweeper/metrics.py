"""What a sweeper counts, and what it reads from the job table for Prometheus."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from prometheus_client import Counter, Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.errors import Unavailable
from shared.job import JobStatus
from shared.jobs.backlog import Backlog
from shared.jobs.matching import Matching
from shared.jobs.store import JobStore
from shared.telemetry.logs import get_logger
from shared.telemetry.registry import REGISTRY

_log = get_logger(__name__)

RESCUED = Counter(
    "cutwork_jobs_rescued_total",
    "Jobs that were taken from workers that had not been heard of for a lease.",
    registry=REGISTRY,
)
REPUBLISHED = Counter(
    "cutwork_jobs_republished_total",
    "Messages that the sweeper published: of jobs that are tried again, and of those whose message was lost.",
    registry=REGISTRY,
)
LAST_ROUND = Gauge(
    "cutwork_sweeper_last_round_timestamp_seconds",
    "When a sweeper last came to the end of a round without a fault: `sweep`, `retention`, `batches`, `samples` or "
    "`webhooks`. 0: it has not yet.",
    ["work"],
    registry=REGISTRY,
)
FAILURES = Counter(
    "cutwork_sweeper_failures_total",
    "Steps that were left to the next round because a store was away.",
    ["step"],
    registry=REGISTRY,
)
FAULTS = Counter(
    "cutwork_sweeper_faults_total",
    "Rounds in which something failed for an unforeseen reason; the log has its traceback (`sweeper.work_failed`).",
    ["work"],
    registry=REGISTRY,
)
#: How long a count is told again: several may ask.
_FRESH_SECONDS = 5.0


class QueueMetrics(Collector):
    """The job table in numbers. Every sweeper says the same; where there are several, take one's, not the sum."""

    def __init__(
        self,
        job_store: JobStore,
        at_most: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read nothing yet; jobs that wait are counted up to `at_most`."""
        self._job_store = job_store
        self._at_most = at_most
        self._monotonic = monotonic
        self._is_reading = threading.Lock()
        self._found: tuple[Backlog, int] | None = None
        self._stale_at = -float("inf")

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name the metrics without reading the table."""
        yield from families()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read them; while the database is away there are none."""
        with self._is_reading:
            if self._monotonic() >= self._stale_at:
                self._found = self._read()
                self._stale_at = self._monotonic() + _FRESH_SECONDS
            found = self._found
        if found is None:
            return
        backlog, processing = found
        jobs, oldest = families()
        jobs.add_metric([JobStatus.QUEUED], backlog.queued)
        jobs.add_metric([JobStatus.PROCESSING], processing)
        oldest.add_metric([], backlog.oldest_age.total_seconds())
        yield from (jobs, oldest)

    def _read(self) -> tuple[Backlog, int] | None:
        try:
            backlog = self._job_store.measure_backlog(None, self._at_most)
            at_work = Matching(status=JobStatus.PROCESSING)
            return backlog, self._job_store.count_matching(at_work, self._at_most)
        except Unavailable as error:
            _log.warning("metrics.not_read", reason=str(error))
            return None


def families() -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
    """Name what is read of the table: live jobs, and the age of the oldest that waits."""
    return (
        GaugeMetricFamily(
            "cutwork_jobs",
            "Jobs that wait, and those that are worked on, by the job table. Those that wait are counted up to "
            "`CUTWORK_MAX_QUEUED` and a tenth.",
            labels=["status"],
        ),
        GaugeMetricFamily(
            "cutwork_oldest_queued_job_age_seconds",
            "How long the job that waits longest has waited since its acceptance; 0 if none does.",
        ),
    )
