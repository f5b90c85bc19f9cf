"""How a batch is told: the same by front ends and by webhooks."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from shared.batches.batch import MAX_ITEMS, SHOWN, Batch
from shared.jobs.envelope import OK, Envelope, envelope_of_data
from shared.wire.types import Count, JobName, LogName, Time, rfc3339, time_or_none


class BatchCounts(TypedDict):
    """How many items are in which state; together all. At most a few seconds old."""

    #: Not in the queue yet: items are let in as there is room.
    held: Count
    queued: Count
    processing: Count
    #: In the output file.
    succeeded: Count
    #: In the error file, as the cancelled ones.
    failed: Count
    cancelled: Count


class BatchState(TypedDict):
    """A batch, as its owner is told of it."""

    batch_id: JobName
    log_id: LogName
    status: Annotated[str, Field(json_schema_extra={"enum": list(SHOWN)})]
    reference: str
    total: Annotated[int, Field(ge=1, le=MAX_ITEMS, description="How many items it has.")]
    counts: BatchCounts
    estimated_seconds: Annotated[
        int | None, Field(description="Until all have ended, at the pace until now.")
    ]
    created_at: Time
    finished_at: Time | None
    expires_at: Annotated[Time | None, Field(description="Until when its files can be read.")]


def tell(batch: Batch) -> BatchState:
    """Describe a batch."""
    seconds, counts = batch.seconds_left, batch.counts
    return BatchState(
        batch_id=str(batch.id),
        log_id=batch.log_id,
        status=batch.seen_as,
        reference=batch.reference,
        total=batch.total,
        counts=BatchCounts(
            held=counts.held,
            queued=counts.queued,
            processing=counts.processing,
            succeeded=counts.succeeded,
            failed=counts.failed,
            cancelled=counts.cancelled,
        ),
        estimated_seconds=None if seconds is None else max(1, math.ceil(seconds)),
        created_at=rfc3339(batch.accepted_at),
        finished_at=time_or_none(batch.finished_at),
        expires_at=time_or_none(batch.expires_at),
    )


def envelope_of_batch(batch: Batch, request_id: str, ok: int = OK) -> Envelope:
    """Describe a batch as a whole answer."""
    envelope = envelope_of_data(tell(batch), request_id, ok)
    envelope["log_id"] = batch.log_id
    return envelope
