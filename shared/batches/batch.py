"""What a batch is: its states, its items, and what became of those."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.errors import ErrorCode
from shared.job import JobStatus, NewJob
from shared.wire.contract import RESULT_LIFETIME

MAX_ITEMS = 50_000


class BatchStatus(StrEnum):
    """Where a batch is in its life."""

    #: Its lines come in; nobody sees it yet.
    RECEIVING = "receiving"
    #: Its items become jobs, as the queue has room for them.
    RUNNING = "running"
    #: No further item begins; those that are being worked on come to their end.
    CANCELLING = "cancelling"
    #: Every item has ended.
    COMPLETED = "completed"
    #: The same, after a cancellation.
    CANCELLED = "cancelled"
    #: Its results are past their lifetime.
    EXPIRED = "expired"
    #: Refused, broken off or forgotten: its rows are deleted, bit by bit.
    DISCARDED = "discarded"


AT_WORK = frozenset({BatchStatus.RUNNING, BatchStatus.CANCELLING})
ENDED = frozenset({BatchStatus.COMPLETED, BatchStatus.CANCELLED})
#: Those that a client is told.
SHOWN = tuple(
    status for status in BatchStatus if status not in {BatchStatus.RECEIVING, BatchStatus.DISCARDED}
)
#: A batch's end → what its webhook is called.
EVENTS = {
    BatchStatus.COMPLETED: "batch.completed",
    BatchStatus.CANCELLED: "batch.cancelled",
}


class Outcome(StrEnum):
    """What became of an item."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class NewBatch:
    """What the front end knows of a batch before the first of its lines is read."""

    id: uuid.UUID
    log_id: str
    tenant: str
    #: Of the key that it was sent with; None: there is none yet.
    key_id: str | None = None
    reference: str = ""
    #: Who is told of its end; None: nobody.
    callback_url: str | None = field(default=None, repr=False)
    traceparent: str | None = None


@dataclass(frozen=True)
class NewItem:
    """A line that was read and can become a job."""

    #: Counted from 1 in the body as it was sent.
    line: int
    job: NewJob


@dataclass(frozen=True)
class Counts:
    """How many items are in which state; together all."""

    #: Not in the queue yet.
    held: int
    queued: int
    processing: int
    succeeded: int
    failed: int
    cancelled: int

    @property
    def ended(self) -> int:
        """Those of which nothing more will come."""
        return self.succeeded + self.failed + self.cancelled


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One row of the batch table."""

    id: uuid.UUID
    log_id: str
    tenant: str
    #: Of the key that it was sent with; None: there was none.
    key_id: str | None
    status: BatchStatus
    reference: str
    fingerprint: str
    callback_url: str | None = field(repr=False)
    traceparent: str | None
    total: int
    #: Items that left the table for the queue, or were cancelled before.
    released: int
    #: The line of the last of them.
    released_to: int
    #: Jobs that workers held when the sweeper looked last.
    processing: int
    succeeded: int
    failed: int
    cancelled: int
    #: When its last line was there, and it began.
    accepted_at: datetime
    finished_at: datetime | None
    #: From here on results are gone: 410.
    expires_at: datetime | None
    #: The database's time when this row was read.
    read_at: datetime

    @property
    def counts(self) -> Counts:
        """How many items are in which state."""
        processing = min(self.processing, self.open)
        return Counts(
            held=self.total - self.released,
            queued=self.open - processing,
            processing=processing,
            succeeded=self.succeeded,
            failed=self.failed,
            cancelled=self.cancelled,
        )

    @property
    def open(self) -> int:
        """Items that are jobs now, and have not ended."""
        return self.released - self.succeeded - self.failed - self.cancelled

    @property
    def seen_as(self) -> BatchStatus:
        """The state that its owner is told, swept or not."""
        is_over = self.expires_at is not None and self.expires_at <= self.read_at
        return BatchStatus.EXPIRED if is_over else self.status

    @property
    def seconds_left(self) -> float | None:
        """Estimate when it will have ended, by its pace until now; None if nothing can be said."""
        ended = self.counts.ended
        if self.status not in AT_WORK or not ended:
            return None
        elapsed = (self.read_at - self.accepted_at).total_seconds()
        return elapsed / ended * (self.total - ended)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One row of the item table."""

    line: int
    #: Of the job that it becomes, or is.
    job_id: uuid.UUID
    reference: str
    is_released: bool
    #: None: it has not ended.
    outcome: Outcome | None
    error_code: ErrorCode | None
    error_message: str


def outcome_of(status: JobStatus, error_code: str | None) -> Outcome | None:
    """Tell what a job's state says of its item; None: nothing yet."""
    if status in {JobStatus.QUEUED, JobStatus.PROCESSING}:
        return None
    if error_code is None:
        return Outcome.SUCCEEDED
    is_revoked = error_code == ErrorCode.ERROR_TASK_REVOKED
    return Outcome.CANCELLED if is_revoked else Outcome.FAILED


def ended(status: BatchStatus, now: datetime) -> dict[str, Any]:
    """End a batch: what its row gets. Its files can be read for as long as a job's results."""
    expires_at = now + RESULT_LIFETIME
    return {
        "status": status,
        "at_work_for": None,
        "processing": 0,
        "finished_at": now,
        "expires_at": expires_at,
        "not_before": expires_at,
    }


#: How long after its last line a batch that was not accepted counts as broken off.
BROKEN_OFF_AFTER = timedelta(minutes=15)
