"""Keys, as their tenant's administrator is told of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from api.answers.cursor import NextCursor
from api.answers.envelope import for_data
from shared.job import Bookmark
from shared.jobs.envelope import Envelope
from shared.tenants.api_key import ApiKey, Scope
from shared.tenants.key_store import KeyMark
from shared.wire.types import Time, rfc3339, time_or_none

KEY_ID = "^[0-9a-f]{12}$"
CREATED = 201
_ID_LENGTH = 12

OwnQuota = Annotated[int | None, Field(ge=1, description="`null`: its tenant's.")]


class KeyItem(TypedDict):
    """What may be known of a key after it was made."""

    id: Annotated[str, Field(pattern=KEY_ID)]
    name: str
    scopes: list[Scope]
    rate_per_minute: OwnQuota
    max_queued: OwnQuota
    created_at: Time
    expires_at: Annotated[Time | None, Field(description="`null`: it ends when it is revoked.")]
    revoked_at: Annotated[Time | None, Field(description="`null`: it was not.")]
    last_used_at: Annotated[Time | None, Field(description="To a minute or two; `null`: never.")]
    callback_url: Annotated[
        str | None, Field(description="Who is told of the end of its jobs, unless they say.")
    ]


class OneKey(TypedDict):
    """A key."""

    key: KeyItem


class NewKey(OneKey):
    """A key that was just made."""

    secret: Annotated[str, Field(description="What clients send. It is not shown again.")]
    webhook_secret: Annotated[
        str | None,
        Field(
            description="What signs the webhooks of its jobs: not shown again; `null`: the service's."
        ),
    ]


class KeyPage(TypedDict):
    """A page of keys, newest first, those that have ended too."""

    keys: list[KeyItem]
    next_cursor: NextCursor


def for_key(key: ApiKey) -> Envelope:
    """Describe a key."""
    return for_data(OneKey(key=_item(key)))


def for_new_key(key: ApiKey, text: str) -> Envelope:
    """Hand out a key, once."""
    signing = next(iter(key.webhook_secrets), None)
    return for_data(NewKey(key=_item(key), secret=text, webhook_secret=signing), CREATED)


def for_keys(shown: Sequence[ApiKey], next_cursor: str) -> Envelope:
    """List keys."""
    return for_data(KeyPage(keys=[_item(key) for key in shown], next_cursor=next_cursor))


def bookmark_of(key: ApiKey) -> Bookmark:
    """Tell where a list goes on behind this key, whose id is a number of 48 bits."""
    return Bookmark(key.created_at, uuid.UUID(int=int(key.id, 16)))


def mark_of(bookmark: Bookmark | None) -> KeyMark | None:
    """Tell which key a cursor stands behind."""
    if bookmark is None:
        return None
    return KeyMark(bookmark.created_at, f"{bookmark.job_id.int:0{_ID_LENGTH}x}")


def _item(key: ApiKey) -> KeyItem:
    return KeyItem(
        id=key.id,
        name=key.name,
        scopes=[scope for scope in Scope if scope in key.scopes],
        rate_per_minute=key.rate_per_minute,
        max_queued=key.max_queued,
        created_at=rfc3339(key.created_at),
        expires_at=time_or_none(key.expires_at),
        revoked_at=time_or_none(key.revoked_at),
        last_used_at=time_or_none(key.last_used_at),
        callback_url=key.callback_url,
    )
