"""A job from claim to completion, and the one place that decides between failing and trying again.

What cannot change fails at once: a photo that is refused, an upload that is gone. What can change gets another
attempt after a back-off: a network that did not run, a URL that did not answer, and whatever nobody foresaw. An object
store that does not answer is no fault of the job, and costs it no attempt: an outage may last until the deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn, TypeVar

from shared.errors import (
    BrokerUnavailable,
    DatabaseUnavailable,
    DevicePoisoned,
    ErrorCode,
    FromNewerRelease,
    ObjectMissing,
    ObjectStoreUnavailable,
    Refused,
    TryAgain,
)
from shared.image_files.header import read_header
from shared.job import Job, JobStatus, Queue
from shared.jobs.leases import ClaimUncertain
from shared.jobs.store import ATTEMPTS_SPENT, JobStore
from shared.messaging.announcements import Announcer
from shared.objects.store import ObjectStore
from shared.telemetry.job_metrics import count_finished
from shared.telemetry.logs import about, get_logger
from shared.telemetry.tracing import TRACES
from worker.imaging.cutout import Cutouts, cut_out
from worker.imaging.decoding import decode
from worker.jobs.database_retry import retry_while_away
from worker.jobs.lease import LeaseKeeper
from worker.jobs.photo_source import FetchesTaken, PhotoSource
from worker.jobs.pixel_budget import PixelBudget
from worker.jobs.precedence import Precedence
from worker.jobs.quarantine import Quarantine
from worker.jobs.results import store_results
from worker.jobs.stopwatch import Stopwatch
from worker.metrics import (
    ATTEMPTS,
    IGNORED_MESSAGES,
    PHOTO_PIXELS,
    QUEUE_SECONDS,
    RUN_SECONDS,
    Outcome,
)
from worker.network.segmenter import Segmenter
from worker.watchdog import Reason, end_process

_log = get_logger(__name__)
Answer = TypeVar("Answer")

UPLOAD_GONE = "The uploaded image is not stored, or no longer. Please submit it again."

#: After which a job asks again whether the object store is back. Short: the store may have come back while a request
#: still waited 8 s for its answer.
_POSTPONEMENT = timedelta(seconds=2)
#: The longest time for which a job that only a newer release understands is left to others before it is met again.
_LONGEST_LEFT = timedelta(seconds=30)


@dataclass(frozen=True)
class JobRunner:
    """Works on one job at a time in each thread; safe to use from many threads."""

    job_store: JobStore
    object_store: ObjectStore
    announcer: Announcer
    leases: LeaseKeeper
    photos: PhotoSource
    segmenter: Segmenter
    pixels: PixelBudget
    retry_backoff: timedelta
    #: Names this process in the job table.
    owner: str
    quarantine: Quarantine = field(default_factory=Quarantine)
    precedence: Precedence = field(default_factory=Precedence)

    def run(self, queue: Queue) -> None:
        """Do the next attempt of the job whose turn it is, if there is one.

        Args:
            queue: Where the message lay. It need not be the job's: each message stands for one more job that waits.

        Raises:
            DatabaseUnavailable: Nothing could be claimed; the job waits for the sweeper.
        """
        job = self._claim()
        if job is None:
            IGNORED_MESSAGES.inc()
            _log.info("message.ignored", queue=queue)
            return
        self._note_claim(job)
        was_cut_off = job.cut_offs > 0
        with (
            self._told(job),
            self.leases.hold(job.lease),
            self.quarantine.enter(alone=was_cut_off) as is_admitted,
        ):
            if is_admitted:
                self._attempt(job)
            else:
                self._postpone(job, self.retry_backoff, "one that was cut off before runs alone")

    def _claim(self) -> Job | None:
        first, otherwise = self.precedence.next()
        try:
            return self.job_store.claim(first, self.owner, otherwise)
        except ClaimUncertain as error:
            # If it was claimed, it is ours, and only we know so before its lease is over.
            job = error.job
            is_ours = self._written(lambda: self.job_store.confirm(job, self.owner))
            _log.warning("claim.uncertain", **about(job), is_ours=is_ours)
            if is_ours:
                return job
            raise

    def _note_claim(self, job: Job) -> None:
        waited = _waited(job)
        if job.attempt == 1:
            QUEUE_SECONDS.labels(job.queue).observe(waited.total_seconds())
            TRACES.past("queue", waited.total_seconds(), job.traceparent)
        _log.info(
            "job.claimed",
            **about(job),
            worker=self.owner,
            waited_ms=round(waited.total_seconds() * 1000),
        )

    def _told(self, job: Job) -> AbstractContextManager[None]:
        return TRACES.span(
            "attempt",
            job.traceparent,
            log_id=job.log_id,
            attempt=job.attempt,
            worker=self.owner,
        )

    def _attempt(self, job: Job) -> None:
        try:
            cutouts, pixels, laps = self._produce(job)
        except Refused as error:
            self._fail(job, error.code, error.message)
        except ObjectMissing:
            self._fail(job, ErrorCode.PROCESSING_FAILURE, UPLOAD_GONE)
        except TryAgain as error:
            self._retry(job, error.code, error.message)
        except FromNewerRelease as error:
            self._postpone(job, self._left_for(job), f"of a newer release: {error}")
        except FetchesTaken as error:
            self._postpone(job, self.retry_backoff, str(error))
        except ObjectStoreUnavailable as error:
            self._postpone(job, min(self.retry_backoff, _POSTPONEMENT), str(error))
        except DevicePoisoned as error:
            _log.error("device.poisoned", **about(job), reason=str(error))
            self._give_up_device(job)
        except Exception as error:  # noqa: BLE001  the boundary of an attempt: no job may be lost to a bug
            _log.warning("attempt.failed", **about(job), exc_info=error)
            self._retry(job, ErrorCode.PROCESSING_FAILURE, ATTEMPTS_SPENT)
        else:
            self._complete(job, cutouts, pixels, laps)

    def _give_up_device(self, job: Job) -> NoReturn:
        """End the process; a job that was alone with the device is to blame, of several it may be any."""
        try:
            if job.cut_offs:
                self._retry(job, ErrorCode.PROCESSING_FAILURE, ATTEMPTS_SPENT)
                self.leases.drop(job.lease)
        finally:
            end_process(Reason.DEVICE)

    def _produce(self, job: Job) -> tuple[Cutouts, int, Mapping[str, int]]:
        """Make and store all pictures of a job; tell also how many pixels its photo has, and what took how long."""
        watch = Stopwatch()
        options = job.options
        data = self.photos.read(job)
        watch.lap("get")
        header = read_header(data)
        with self.pixels.spend(header.width * header.height):
            watch.lap("room")
            photo = decode(data, header)
            watch.lap("decode")
            cutouts = cut_out(photo, options, self.segmenter)
            watch.lap("cutout")
            height, width = photo.rgb.shape[:2]
            del photo
        store_results(self.object_store, job, cutouts)
        watch.lap("put")
        took = {f"{stage}_ms": milliseconds for stage, milliseconds in watch.laps.items()}
        _log.info("attempt.produced", **about(job), width=width, height=height, **took)
        return cutouts, width * height, watch.laps

    def _complete(self, job: Job, cutouts: Cutouts, pixels: int, laps: Mapping[str, int]) -> None:
        shown = {category: data is not None for category, data in cutouts.categories.items()}
        report = cutouts.report.as_json()
        if self._written(lambda: self.job_store.complete(job.lease, shown, report, pixels, laps)):
            _log.info("job.succeeded", **about(job), shown=[c for c in shown if shown[c]])
            PHOTO_PIXELS.inc(pixels)
            self._close(job, Outcome.SUCCEEDED)
        else:
            self._discard(job)

    def _fail(self, job: Job, code: ErrorCode, message: str) -> None:
        if self._written(lambda: self.job_store.fail(job.lease, code, message)):
            _log.info("job.failed", **about(job), code=code)
            self._close(job, Outcome.FAILED, code)
        else:
            self._discard(job)

    def _retry(self, job: Job, code: ErrorCode, message: str) -> None:
        tried = job.attempt - job.releases
        delay = self.retry_backoff * 2 ** (tried - 1)
        status = self._written(lambda: self.job_store.retry(job.lease, delay, code, message))
        if status is JobStatus.QUEUED:
            _log.info("job.retried", **about(job), delay_s=delay.total_seconds())
            self._count(job, Outcome.RETRIED)
        elif status is JobStatus.FAILED:
            _log.info("job.failed", **about(job), code=code)
            self._close(job, Outcome.FAILED, code)
        else:
            self._discard(job)

    def _postpone(self, job: Job, delay: timedelta, reason: str) -> None:
        """Hand the attempt back, to be made when what is in its way may be gone."""
        if self._written(lambda: self.job_store.release(job.lease, delay)):
            _log.warning(
                "job.postponed", **about(job), reason=reason, delay_s=delay.total_seconds()
            )
            self._count(job, Outcome.POSTPONED)
        else:
            self._discard(job)

    def _left_for(self, job: Job) -> timedelta:
        """Say how long not to meet a job again that is not for this release: longer each time, if nobody else comes."""
        times: int = 2 ** min(job.releases, 10)
        return min(self.retry_backoff * times, _LONGEST_LEFT)

    def _written(self, write: Callable[[], Answer]) -> Answer:
        with TRACES.span("write"):
            return retry_while_away(write, self.leases.lease)

    def _count(self, job: Job, outcome: Outcome) -> None:
        ATTEMPTS.labels(outcome).inc()
        TRACES.note(outcome=outcome)
        RUN_SECONDS.observe(self.leases.seconds_held(job.lease))

    def _close(self, job: Job, outcome: Outcome, code: ErrorCode | None = None) -> None:
        """Tell who waits, and drop the upload; both may fail, the row is right already."""
        self._count(job, outcome)
        age = _waited(job) + timedelta(seconds=self.leases.seconds_held(job.lease))
        count_finished(job, age, code)
        try:
            with TRACES.span("announce"):
                self.announcer.announce(job.id)
        except BrokerUnavailable:
            _log.warning("announcement.lost", **about(job))
        try:
            self.object_store.delete_input(job.id)
        except ObjectStoreUnavailable:
            # The sweeper deletes it when the job expires, and the bucket's rule after a day.
            _log.warning("input.left", **about(job))

    def _discard(self, job: Job) -> None:
        """Delete what this attempt stored: the job is another attempt's, or was erased meanwhile."""
        _log.warning("attempt.fenced", **about(job))
        self._count(job, Outcome.FENCED)
        with suppress(DatabaseUnavailable):
            self.job_store.note_refusal(job.lease)
        try:
            self.object_store.delete_attempt(job.lease)
            if job.image_url is not None:
                # Kept after the job was erased, perhaps; another attempt would fetch it again.
                self.object_store.delete_input(job.id)
        except ObjectStoreUnavailable:
            # The sweeper deletes it when the job expires; an erased one does soon.
            _log.warning("results.left", **about(job))


def _waited(job: Job) -> timedelta:
    """Tell how long after its acceptance this attempt began."""
    return (job.started_at or job.read_at) - job.created_at
