"""Deliveries, as clients are told of them."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from api.answers.envelope import for_nothing
from shared.envelope import Envelope
from shared.webhooks.delivery import DeliveryState, Record


class DeliveryItem(TypedDict):
    """One of them."""

    #: The `webhook-id`.
    id: str
    event: str
    state: DeliveryState
    tries: int
    #: The HTTP status of the last try; None: there was no try yet, or no answer.
    status: int | None
    #: Why that did not count.
    reason: str
    created_at: str
    next_try_at: str | None
    finished_at: str | None


def for_deliveries(found: Record | None) -> Envelope:
    """List a job's deliveries: it has one, if it had a `callback_url` and has ended."""
    envelope = for_nothing()
    envelope["data"] = {"deliveries": [] if found is None else [_item(found)]}
    return envelope


def _item(record: Record) -> DeliveryItem:
    is_pending = record.state is DeliveryState.PENDING
    return DeliveryItem(
        id=record.webhook_id,
        event=record.event,
        state=record.state,
        tries=record.tries,
        status=record.status,
        reason=record.reason,
        created_at=_rfc3339(record.created_at),
        next_try_at=_rfc3339(record.not_before) if is_pending else None,
        finished_at=None if record.finished_at is None else _rfc3339(record.finished_at),
    )


def _rfc3339(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
