"""What tests ask a key store."""

from __future__ import annotations

from shared.tenants.key_store import KeyStore


def tenant_of(key_store: KeyStore, text: str) -> str | None:
    """Tell whose key this is; None if it opens nothing."""
    caller = key_store.find_caller(text)
    return None if caller is None else caller.tenant
