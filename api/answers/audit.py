"""The audit log, as a tenant's administrator reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from api.answers.cursor import NextCursor
from api.answers.envelope import for_data
from shared.job import Bookmark
from shared.jobs.envelope import Envelope
from shared.tenants.audit import OPERATOR, Action, Entry
from shared.wire.types import Time, rfc3339


class AuditItem(TypedDict):
    """Who did what."""

    created_at: Time
    actor: Annotated[str, Field(description="The id of a key, or `operator`.")]
    action: Action
    subject: Annotated[str, Field(description="The id of a key or of a job.")]
    address: Annotated[
        str, Field(description="Of the connection, which may be a proxy's; not of the operator.")
    ]
    request_id: str
    details: dict[str, Any]


class AuditPage(TypedDict):
    """A page of the audit log, newest first."""

    entries: list[AuditItem]
    next_cursor: NextCursor


def for_audit(shown: Sequence[Entry], next_cursor: str) -> Envelope:
    """List lines."""
    return for_data(AuditPage(entries=[_item(entry) for entry in shown], next_cursor=next_cursor))


def bookmark_of(entry: Entry) -> Bookmark:
    """Tell where a list goes on behind this line."""
    return Bookmark(entry.created_at, entry.id)


def _item(entry: Entry) -> AuditItem:
    return AuditItem(
        created_at=rfc3339(entry.created_at),
        actor=entry.actor,
        action=entry.action,
        subject=entry.subject,
        # Whose machine the operator sits at is nothing to a tenant.
        address="" if _is_operators(entry) else entry.address,
        request_id=entry.request_id,
        details=dict(entry.details),
    )


def _is_operators(entry: Entry) -> bool:
    return entry.actor == OPERATOR.name or entry.action is Action.JOBS_ERASE
