"""Rows of the job table as values, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from shared.contract import Category, OutMode, ReturnForm
from shared.errors import ErrorCode
from shared.job import CutoutOptions, Job, JobStatus, NewJob, Queue, Tags


def new_row(new: NewJob, turn: int, now: datetime) -> dict[str, Any]:
    """Write down a job that begins to wait now; its message is about to be published."""
    return {
        "id": new.id,
        "log_id": new.log_id,
        "tenant": new.tenant,
        "key_id": new.key_id,
        "status": JobStatus.QUEUED,
        "queue": new.queue,
        "cloth_class": [str(category) for category in new.options.cloth_class],
        "return_form": new.options.return_form,
        "out_mode": int(new.options.out_mode),
        "callback_url": new.callback_url,
        "rendition": dict(new.options.rendition_words) or None,
        "reference": new.tags.reference or None,
        "metadata": dict(new.tags.metadata) or None,
        "traceparent": new.traceparent,
        "input_bytes": new.input_bytes,
        "image_url": new.image_url,
        "fingerprint": new.fingerprint,
        "idempotency_key": new.idempotency_key,
        "not_before": now,
        "published_at": now,
        "start_tag": turn,
        "created_at": now,
    }


def to_job(row: RowMapping, read_at: datetime) -> Job:
    """Read a whole row of `jobs`; `read_at` is the database's time of reading."""
    shown = row["shown"]
    code = row["error_code"]
    return Job(
        id=row["id"],
        log_id=row["log_id"],
        tenant=row["tenant"],
        key_id=row["key_id"],
        status=JobStatus(row["status"]),
        queue=Queue(row["queue"]),
        options=CutoutOptions(
            cloth_class=tuple(Category(word) for word in row["cloth_class"]),
            return_form=ReturnForm(row["return_form"]),
            out_mode=OutMode(row["out_mode"]),
            rendition_words=_rendition_words(row),
        ),
        tags=Tags(reference=row["reference"] or "", metadata=row["metadata"] or {}),
        traceparent=row["traceparent"],
        input_bytes=row["input_bytes"],
        attempt=row["attempt"],
        releases=row["releases"],
        turn=row["start_tag"],
        cut_offs=row["cut_offs"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        expires_at=row["expires_at"],
        error_code=None if code is None else ErrorCode(code),
        error_message=row["error_message"],
        shown=None if shown is None else {Category(word): seen for word, seen in shown.items()},
        report=row["report"],
        fingerprint=row["fingerprint"],
        image_url=row["image_url"],
        read_at=read_at,
    )


def _rendition_words(row: RowMapping) -> dict[str, str]:
    """Read how the pictures were delivered: plainly, where a worker finished the job that knows no other way.

    Every worker that does writes a report. A release later this can go.
    """
    is_plain = row["status"] == JobStatus.SUCCEEDED and row["report"] is None
    return {} if is_plain else row["rendition"] or {}
