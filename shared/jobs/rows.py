"""Rows of the job table as values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping

from shared.errors import code_of
from shared.job import Job, JobStatus, NewJob, Queue, Tags
from shared.wire.contract import Category
from shared.wire.option_words import OptionWords

_CATEGORIES = frozenset(Category)


def new_row(new: NewJob, turn: int | ColumnElement[int], now: datetime) -> dict[str, Any]:
    """Write down a job that begins to wait now; its message is about to be published."""
    return {
        "id": new.id,
        "log_id": new.log_id,
        "tenant": new.tenant,
        "key_id": new.key_id,
        "status": JobStatus.QUEUED,
        "queue": new.queue,
        **new.options.as_row(),
        "rendition": dict(new.options.rendition) or None,
        "callback_url": new.callback_url,
        "reference": new.tags.reference or None,
        "metadata": dict(new.tags.metadata) or None,
        "traceparent": new.traceparent,
        "request_id": new.request_id,
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
        option_words=_option_words(row),
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
        error_code=None if code is None else code_of(code),
        error_message=row["error_message"],
        shown=None if shown is None else _known(shown),
        report=row["report"],
        fingerprint=row["fingerprint"],
        image_url=row["image_url"],
        read_at=read_at,
    )


def _option_words(row: RowMapping) -> OptionWords:
    """Read what was asked for: plain pictures, where a worker finished the job that knows no others.

    Every worker that does writes a report. A release later this can go.
    """
    words = OptionWords.of_row(row)
    is_plain = row["status"] == JobStatus.SUCCEEDED and row["report"] is None
    return replace(words, rendition={}) if is_plain else words


def _known(shown: Mapping[str, bool]) -> dict[Category, bool]:
    """Leave out what only a newer release can have been asked for."""
    return {Category(word): seen for word, seen in shown.items() if word in _CATEGORIES}
