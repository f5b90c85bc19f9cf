"""Rows of the table of keys as values, and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from shared.tenants.api_key import ApiKey, Caller, Terms, read_scopes, write_scopes
from shared.tenants.key_text import id_of, sha256_of


def new_key_row(
    tenant: str, text: str, terms: Terms, *, signing: Sequence[str], now: datetime
) -> dict[str, Any]:
    """Write down a key that is made now; of its text only the hash."""
    return {
        "id": id_of(text),
        "tenant": tenant,
        "name": terms.name,
        "sha256": sha256_of(text),
        "scopes": write_scopes(terms.scopes),
        "rate_per_minute": terms.rate_per_minute,
        "max_queued": terms.max_queued,
        "created_at": now,
        "expires_at": None if terms.valid_for is None else now + terms.valid_for,
        "callback_url": terms.callback_url,
        "webhook_secrets": " ".join(signing) or None,
    }


def to_key(row: RowMapping) -> ApiKey:
    """Read a whole row."""
    names = ("id", "tenant", "name", "rate_per_minute", "max_queued", "callback_url")
    times = ("created_at", "expires_at", "revoked_at", "last_used_at")
    return ApiKey(
        scopes=read_scopes(row["scopes"]),
        webhook_secrets=tuple((row["webhook_secrets"] or "").split()),
        **{name: row[name] for name in (*names, *times)},
    )


def to_caller(row: RowMapping) -> Caller:
    """Read who sends a request, and what it may do."""
    return Caller(
        tenant=row["tenant"],
        key_id=row["id"],
        scopes=read_scopes(row["scopes"]),
        rate_per_minute=row["rate_per_minute"],
        max_queued=row["max_queued"],
        callback_url=row["callback_url"],
    )
