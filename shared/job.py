"""What a job is: its states, what was asked for, and the row as a value."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, Self

from shared.errors import ErrorCode, FromNewerRelease
from shared.wire.contract import Category, OutMode, ReturnForm
from shared.wire.option_words import OptionWords
from shared.wire.presets import PRESET
from shared.wire.rendition import WORDS, Rendition, read_rendition
from shared.wire.report import Report


class JobStatus(StrEnum):
    """Where a job is in its life."""

    #: Stored, waiting for a worker; also between two attempts.
    QUEUED = "queued"
    #: Claimed: a worker holds the lease of the current attempt.
    PROCESSING = "processing"
    #: Finished with outputs, readable until `expires_at`.
    SUCCEEDED = "succeeded"
    #: Finished with an error of the catalogue.
    FAILED = "failed"
    #: Withdrawn by its owner, finished or not: the bytes are gone at once.
    CANCELLED = "cancelled"
    #: Past its lifetime: the bytes are gone, the row is kept a while to say so.
    EXPIRED = "expired"


#: Every change of state there is; `shared.jobs` has one guarded UPDATE for each.
TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.PROCESSING, JobStatus.FAILED, JobStatus.CANCELLED}),
    JobStatus.PROCESSING: frozenset(
        {
            JobStatus.QUEUED,
            JobStatus.SUCCEEDED,
            JobStatus.FAILED,
            JobStatus.CANCELLED,
        }
    ),
    JobStatus.SUCCEEDED: frozenset({JobStatus.CANCELLED, JobStatus.EXPIRED}),
    JobStatus.FAILED: frozenset({JobStatus.CANCELLED, JobStatus.EXPIRED}),
    JobStatus.CANCELLED: frozenset({JobStatus.EXPIRED}),
    JobStatus.EXPIRED: frozenset(),
}

LIVE = frozenset({JobStatus.QUEUED, JobStatus.PROCESSING})
FINISHED = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED})


class Queue(StrEnum):
    """The queues. A worker serves both; mostly it looks into the first one first."""

    #: A client is waiting for the answer.
    INTERACTIVE = "interactive"
    #: Nobody waits: `task_type=async`.
    BULK = "bulk"


#: Of so many claims one begins with the bulk queue, so that a flood of interactive jobs leaves it a share.
CLAIMS_PER_BULK = 10


@dataclass(frozen=True, kw_only=True)
class CutoutOptions:
    """What the client asked for."""

    #: Without duplicates, in the client's order.
    cloth_class: tuple[Category, ...] = ()
    return_form: ReturnForm = ReturnForm.CUTOUT
    out_mode: OutMode = OutMode.ALL_CLOTHING
    #: How the pictures are delivered, as it was asked for: the words of `shared.wire.rendition`.
    rendition_words: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, words: OptionWords) -> Self:
        """Make sense of what a row says.

        Raises:
            FromNewerRelease: There is a word in it that this release does not know.
        """
        if unknown := words.rendition.keys() - {*WORDS, PRESET}:
            raise FromNewerRelease(f"the job has an option {min(unknown)!r}")
        try:
            options = cls(
                cloth_class=tuple(map(Category, words.cloth_class)),
                return_form=ReturnForm(words.return_form),
                out_mode=OutMode(words.out_mode),
                rendition_words=words.rendition,
            )
            _ = options.rendition  # read here, and kept: it may hold what is not known
        except ValueError as error:
            raise FromNewerRelease(str(error)) from error
        return options

    @property
    def words(self) -> OptionWords:
        """The same as a row says it."""
        return OptionWords(
            cloth_class=tuple(map(str, self.cloth_class)),
            return_form=str(self.return_form),
            out_mode=int(self.out_mode),
            rendition=self.rendition_words,
        )

    @cached_property
    def rendition(self) -> Rendition:
        """How the pictures are delivered."""
        return read_rendition(self.rendition_words)

    @property
    def forms(self) -> tuple[ReturnForm, ...]:
        """The forms in which each picture is delivered; the first one's URLs stand where the hosted API has them."""
        return self.rendition.outputs or (self.return_form,)

    def name_of(self, form: ReturnForm, picture: str) -> str:
        """Name a result: `image` or a category, and behind it the form, unless that is the first one."""
        return picture if form is self.forms[0] else f"{picture}-{form.word}"


@dataclass(frozen=True, kw_only=True)
class Tags:
    """What a client calls a job, for itself: given back as it came, and understood by nobody here."""

    #: Its name in the client's books, which several jobs may have; empty: none.
    reference: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


def log_id_of(job_id: uuid.UUID) -> str:
    """Call a job, or a batch, in the logs: by its id, so that either leads to it."""
    return job_id.hex


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """What the front end knows of a job before it is stored."""

    id: uuid.UUID
    log_id: str
    tenant: str
    queue: Queue
    options: OptionWords
    input_bytes: int
    fingerprint: str
    #: Of the key that it was sent with; None: there is none yet.
    key_id: str | None = None
    tags: Tags = Tags()
    #: Who is told of its end; None: nobody.
    callback_url: str | None = None
    idempotency_key: str | None = None
    traceparent: str | None = None
    #: What the request was called that asks for it; None: it comes with a batch.
    request_id: str | None = None
    #: Where a worker fetches the photo; None: it was uploaded.
    image_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Lease:
    """The right to finish one attempt of one job. The attempt number is the fence."""

    job_id: uuid.UUID
    #: Counted from 1, one up at every claim, never reused.
    attempt: int


class Place(NamedTuple):
    """Where a job stands in its queue: the smallest is claimed first."""

    turn: int
    created_at: datetime


class Bookmark(NamedTuple):
    """Where a list of jobs, newest first, goes on: behind this job, which need not exist any more."""

    created_at: datetime
    job_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which of its jobs a tenant wants to see; by default all."""

    #: As the owner is told it: `Job.seen_as`.
    status: JobStatus | None = None
    #: Empty: any, or none.
    reference: str = ""
    #: From this moment on, and before that one.
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """One row of the job table."""

    id: uuid.UUID
    #: Follows the job through the logs.
    log_id: str
    #: Whose job it is; every query of a client is scoped by it.
    tenant: str
    #: Of the key that it was sent with; None: there was none, or it is not known.
    key_id: str | None
    status: JobStatus
    queue: Queue
    option_words: OptionWords
    tags: Tags
    #: The span of the client's that asked for it (W3C Trace Context); None: it named none.
    traceparent: str | None
    input_bytes: int
    attempt: int
    #: Claims that were given back unused, and are not counted against the job.
    releases: int
    #: Whose turn it is in a queue: the smallest first.
    turn: int
    #: Attempts whose worker was not heard of any more, or whose device broke. A photo may have done it.
    cut_offs: int
    created_at: datetime
    #: Start of the current attempt.
    started_at: datetime | None
    finished_at: datetime | None
    #: From here on results are gone: 410.
    expires_at: datetime | None
    error_code: ErrorCode | None
    error_message: str
    #: Requested category → whether the photo shows it. None until the job has succeeded.
    shown: Mapping[Category, bool] | None
    #: None until the worker has measured, and of jobs that an earlier release finished.
    report: Report | None
    #: SHA-256 over the upload, the options and the tags, hexadecimal.
    fingerprint: str
    #: Where a worker fetches the photo, until the job is finished; None: it was uploaded. Not shown: it may hold a
    #: signature.
    image_url: str | None = field(repr=False)
    #: The database's time when this row was read: ages are judged by one clock.
    read_at: datetime

    @cached_property
    def options(self) -> CutoutOptions:
        """What the client asked for.

        Raises:
            FromNewerRelease: This release does not understand it.
        """
        return CutoutOptions.read(self.option_words)

    @property
    def lease(self) -> Lease:
        """The lease of the current attempt."""
        return Lease(self.id, self.attempt)

    @property
    def place(self) -> Place:
        """Where it stands in its queue, while it waits."""
        return Place(self.turn, self.created_at)

    @property
    def is_revoked(self) -> bool:
        """Whether its owner withdrew it, however long ago."""
        return self.error_code is ErrorCode.ERROR_TASK_REVOKED

    @property
    def is_expired(self) -> bool:
        """Whether results may no longer be shown, swept or not."""
        return self.status is JobStatus.EXPIRED or self.remaining <= timedelta(0)

    @property
    def seen_as(self) -> JobStatus:
        """The state that its owner is told, swept or not; `shared.jobs.listing` asks for the same in SQL."""
        if self.is_revoked:
            return JobStatus.CANCELLED
        return JobStatus.EXPIRED if self.is_expired else self.status

    @property
    def remaining(self) -> timedelta:
        """What is left of the results' lifetime; unbounded while the job is not finished."""
        return timedelta.max if self.expires_at is None else self.expires_at - self.read_at
