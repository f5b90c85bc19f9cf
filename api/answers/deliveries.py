"""Deliveries, as clients are told of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from api.answers.envelope import for_data
from shared.batches.batch import EVENTS as BATCH_EVENTS
from shared.jobs.envelope import Envelope
from shared.webhooks.delivery import EVENTS, DeliveryState, Record
from shared.wire.types import Count, Time, rfc3339, time_or_none

WEBHOOK_ID = "^msg_[0-9a-f]{32}$"


class DeliveryItem(TypedDict):
    """What became of a job's webhook."""

    id: Annotated[str, Field(pattern=WEBHOOK_ID, description="The `webhook-id`.")]
    event: Annotated[
        str, Field(json_schema_extra={"enum": [*EVENTS.values(), *BATCH_EVENTS.values()]})
    ]
    state: DeliveryState
    tries: Count
    status: Annotated[int | None, Field(description="Of the last answer; `null`: there was none.")]
    reason: Annotated[str, Field(description="Why it did not count.")]
    created_at: Time
    next_try_at: Annotated[Time | None, Field(description="While it is pending.")]
    finished_at: Time | None


class DeliveryLog(TypedDict):
    """What is owed to a job's `callback_url`: nothing without one, or before the job has ended."""

    deliveries: Annotated[list[DeliveryItem], Field(max_length=1)]


def for_deliveries(found: Record | None) -> Envelope:
    """List a job's deliveries: it has one, if it had a `callback_url` and has ended."""
    return for_data(DeliveryLog(deliveries=[] if found is None else [_item(found)]))


def _item(record: Record) -> DeliveryItem:
    is_pending = record.state is DeliveryState.PENDING
    return DeliveryItem(
        id=record.webhook_id,
        event=record.event,
        state=record.state,
        tries=record.tries,
        status=record.status,
        reason=record.reason,
        created_at=rfc3339(record.created_at),
        next_try_at=rfc3339(record.not_before) if is_pending else None,
        finished_at=time_or_none(record.finished_at),
    )
