"""What is counted of jobs by whoever begins or ends them: front ends, workers and sweepers."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import Counter, Histogram

from shared.errors import ErrorCode
from shared.job import Job, Queue
from shared.telemetry.registry import REGISTRY

_ACCEPTED = Counter(
    "cutwork_jobs_accepted_total",
    "Jobs that were stored. Told by front ends; by the sweeper those of batches.",
    ["queue"],
    registry=REGISTRY,
)
_FINISHED = Counter(
    "cutwork_jobs_finished_total",
    "Jobs that ended: `succeeded`, or `failed` with the code that the client is told. Told by workers; by the sweeper "
    "those whose time or attempts were spent. Withdrawn ones are not among them.",
    ["outcome", "error_code"],
    registry=REGISTRY,
)
_END_TO_END = Histogram(
    "cutwork_job_end_to_end_seconds",
    "From a job's acceptance to its end, with all attempts.",
    ["queue"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 33, 60, 123, 300, 900, 3600),
    registry=REGISTRY,
)


# From the first scrape on: of a series that begins with 1, nobody sees that it was 0.
for _queue in Queue:
    _ACCEPTED.labels(_queue)
    _END_TO_END.labels(_queue)
_FINISHED.labels("succeeded", "")
for _code in (ErrorCode.PROCESSING_FAILURE, ErrorCode.AI_SERVICE_TIMEOUT):
    _FINISHED.labels("failed", _code)


def count_accepted(queue: Queue, jobs: int = 1) -> None:
    """Count jobs that were just stored."""
    _ACCEPTED.labels(queue).inc(jobs)


def count_finished(job: Job, age: timedelta, code: ErrorCode | None = None) -> None:
    """Count a job that has just ended, at this age; with an error if there is a code."""
    _FINISHED.labels("failed" if code else "succeeded", code or "").inc()
    _END_TO_END.labels(job.queue).observe(age.total_seconds())
