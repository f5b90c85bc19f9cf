"""The life of a job, as its row tells it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from shared.job import Job, JobStatus
from shared.jobs.history import Event
from shared.jobs.overseeing import Overseen

Kind = Event | Literal["stored", "expired"]


class Moment(NamedTuple):
    """Something that happened to a job."""

    at: datetime
    event: Kind
    #: 0: none yet.
    attempt: int
    #: What else is told of it: the worker, the code of the error, what the parts took, or nothing.
    words: str


def moments_of(seen: Overseen) -> Iterator[Moment]:
    """List all that is known to have happened, in its order; the first is that it was stored."""
    job, attempt = seen.job, 0
    yield Moment(job.created_at, "stored", 0, "")
    for happening in seen.history:
        attempt += happening.event is Event.CLAIMED
        is_late = happening.event is Event.REFUSED
        of = int(happening.words) if is_late and happening.words.isdecimal() else attempt
        words = "" if is_late else happening.words
        yield Moment(happening.at, happening.event, of, words)
    if not seen.history:
        yield from _by_its_columns(job)
    if job.status is JobStatus.EXPIRED and job.expires_at is not None:
        yield Moment(job.expires_at, "expired", attempt, "")


def _by_its_columns(job: Job) -> Iterator[Moment]:
    """Tell what is known of a job of the release before, which wrote no history."""
    if job.started_at is not None:
        yield Moment(job.started_at, Event.CLAIMED, job.attempt, "")
    if job.finished_at is not None and job.status is not JobStatus.EXPIRED:
        yield Moment(job.finished_at, Event(job.status), job.attempt, job.error_code or "")
