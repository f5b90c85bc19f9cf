"""What a worker counts of its attempts, and of its network."""

from __future__ import annotations

from enum import StrEnum

from prometheus_client import Counter, Gauge, Histogram

from shared.telemetry.registry import REGISTRY


class Outcome(StrEnum):
    """What became of an attempt."""

    SUCCEEDED = "succeeded"
    #: With an error that the client is told.
    FAILED = "failed"
    #: There is another one after a back-off.
    RETRIED = "retried"
    #: Handed back, and not counted against the job.
    POSTPONED = "postponed"
    #: Its result was refused: the job is another attempt's, or was withdrawn.
    FENCED = "fenced"


ATTEMPTS = Counter(
    "cutwork_job_attempts_total",
    "Attempts that came to an end, by what became of them: "
    f"{', '.join(f'`{outcome}`' for outcome in Outcome)}.",
    ["outcome"],
    registry=REGISTRY,
)
QUEUE_SECONDS = Histogram(
    "cutwork_job_queue_seconds",
    "From a job's acceptance to its first attempt.",
    ["queue"],
    buckets=(0.1, 0.5, 1, 3, 5, 13, 20, 60, 300, 900, 3600),
    registry=REGISTRY,
)
RUN_SECONDS = Histogram(
    "cutwork_job_run_seconds",
    "How long attempts took.",
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30, 120),
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    "cutwork_job_stage_seconds",
    "The parts of an attempt: `get` (the photo from the store), `room` (until its pixels have room beside others), "
    "`decode`, `cutout` (network, edges, files), `put`.",
    ["stage"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30),
    registry=REGISTRY,
)
PHOTO_PIXELS = Counter(
    "cutwork_photo_pixels_total",
    "Pixels of the photos that were cut out.",
    registry=REGISTRY,
)
for _outcome in Outcome:
    # From the first scrape on: of a series that begins with 1, nobody sees that it was 0.
    ATTEMPTS.labels(_outcome)
IGNORED_MESSAGES = Counter(
    "cutwork_duplicate_deliveries_total",
    "Messages that found no job to do: one too many, or of a job that was withdrawn.",
    registry=REGISTRY,
)
INFERENCE_FRAMES = Counter(
    "cutwork_inference_requests_total",
    "Frames that the network ran on, with those that fill up a batch. A photo is two or three of them.",
    registry=REGISTRY,
)
INFERENCE_SECONDS = Histogram(
    "cutwork_inference_duration_seconds",
    "Runs of the network. Frames by runs are the mean batch.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
    registry=REGISTRY,
)
WORKER = Gauge(
    "cutwork_worker_info",
    "1: a worker that runs this network on this provider (`cpu` or `cuda`).",
    ["model", "provider"],
    registry=REGISTRY,
)
SLOTS = Gauge(
    "cutwork_worker_slots",
    "Jobs that the worker may work on at once.",
    registry=REGISTRY,
)
BUSY_SLOTS = Gauge(
    "cutwork_worker_busy_slots",
    "Jobs that it works on.",
    registry=REGISTRY,
)
