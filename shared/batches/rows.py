"""Rows of both tables as values, and back."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from shared.batches.batch import (
    BROKEN_OFF_AFTER,
    Batch,
    BatchStatus,
    Item,
    NewBatch,
    NewItem,
    Outcome,
)
from shared.errors import code_of
from shared.job import NewJob, Queue, Tags, log_id_of
from shared.wire.option_words import OptionWords

_NONE_YET = ("total", "released", "released_to", "processing", "succeeded", "failed", "cancelled")


def new_batch_row(new: NewBatch, now: datetime) -> dict[str, Any]:
    """Write down a batch whose lines begin to come in."""
    return {
        "id": new.id,
        "log_id": new.log_id,
        "tenant": new.tenant,
        "key_id": new.key_id,
        "status": BatchStatus.RECEIVING,
        "reference": new.reference or None,
        "callback_url": new.callback_url,
        "traceparent": new.traceparent,
        "fingerprint": "",
        **dict.fromkeys(_NONE_YET, 0),
        "created_at": now,
        "not_before": now + BROKEN_OFF_AFTER,
    }


def to_batch(row: RowMapping, read_at: datetime) -> Batch:
    """Read a whole row of `batches`; `read_at` is the database's time of reading."""
    same = (
        *("id", "log_id", "tenant", "key_id", "fingerprint", "callback_url", "traceparent"),
        *_NONE_YET,
        *("accepted_at", "finished_at", "expires_at"),
    )
    return Batch(
        status=BatchStatus(row["status"]),
        reference=row["reference"] or "",
        read_at=read_at,
        **{name: row[name] for name in same},
    )


def new_item_row(batch_id: uuid.UUID, new: NewItem) -> dict[str, Any]:
    """Write down an item, with all that its job will need."""
    job = new.job
    return {
        "batch_id": batch_id,
        "open_in": batch_id,
        "line": new.line,
        "job_id": job.id,
        "reference": job.tags.reference or None,
        "request": {
            **job.options.as_row(),
            "metadata": dict(job.tags.metadata),
            "image_url": job.image_url,
            "callback_url": job.callback_url,
            "fingerprint": job.fingerprint,
        },
        "error_message": "",
    }


def to_item(row: RowMapping, batch: Batch) -> Item:
    """Read a row of `batch_items`."""
    outcome, code = row["outcome"], row["error_code"]
    return Item(
        line=row["line"],
        job_id=row["job_id"],
        reference=row["reference"] or "",
        is_released=row["line"] <= batch.released_to,
        outcome=None if outcome is None else Outcome(outcome),
        error_code=None if code is None else code_of(code),
        error_message=row["error_message"],
    )


def to_new_job(row: RowMapping, batch: RowMapping) -> NewJob:
    """Make the job of an item, just like one that was sent by itself."""
    request = row["request"]
    return NewJob(
        id=row["job_id"],
        log_id=log_id_of(row["job_id"]),
        tenant=batch["tenant"],
        key_id=batch["key_id"],
        queue=Queue.BULK,
        options=OptionWords.of_row(request),
        tags=Tags(reference=row["reference"] or "", metadata=request["metadata"]),
        input_bytes=0,
        fingerprint=request["fingerprint"],
        callback_url=request["callback_url"],
        image_url=request["image_url"],
        traceparent=batch["traceparent"],
    )
