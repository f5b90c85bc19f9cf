"""A delivery: word of a job's end, on its way to the URL that came with the job."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.job import JobStatus


class DeliveryState(StrEnum):
    """Where a delivery is in its life."""

    #: It is sent, or waits for its next try.
    PENDING = "pending"
    #: The receiver has said that it has it.
    DELIVERED = "delivered"
    #: Its tries are spent, or the receiver wants no more.
    FAILED = "failed"


#: A job's end → what the event is called.
EVENTS = {
    JobStatus.SUCCEEDED: "job.succeeded",
    JobStatus.FAILED: "job.failed",
    JobStatus.CANCELLED: "job.cancelled",
}


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One delivery that is due."""

    job_id: uuid.UUID
    tenant: str
    #: Not shown: it may hold a secret of the receiver's.
    url: str = field(repr=False)
    #: Name and port: what a dead endpoint shares with others.
    host: str
    event: str
    #: Those that have failed.
    tries: int

    @property
    def webhook_id(self) -> str:
        """The same at every try: by it a receiver knows what it has already."""
        return webhook_id_of(self.job_id)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What became of one, for whoever it is owed to."""

    job_id: uuid.UUID
    event: str
    state: DeliveryState
    tries: int
    #: Of the last answer, and why it did not count.
    status: int | None
    reason: str
    created_at: datetime
    #: When it is tried again, while it is pending.
    not_before: datetime
    finished_at: datetime | None

    @property
    def webhook_id(self) -> str:
        """As in the headers."""
        return webhook_id_of(self.job_id)


def webhook_id_of(job_id: uuid.UUID) -> str:
    """Name the one delivery of a job."""
    return f"msg_{job_id.hex}"
