"""Whose request it is: decided before any of its body is read."""

from __future__ import annotations

from flask import Flask, Request, g, request

from api.admission.familiar_keys import FamiliarKeys
from api.admission.keyless import may_go_without
from shared.errors import ErrorCode, Refused
from shared.key_store import KeyStore
from shared.settings import Settings

KEY_HEADER = "ailabapi-api-key"
#: The blueprints that need no key. Every other route does, so a new one cannot be left open by forgetting.
OPEN = frozenset({"documents", "health", "openapi", "page"})
#: Whose jobs they are as long as there are no keys.
KEYLESS_TENANT = "local"

_NO_KEY = f"Send your API key in the header `{KEY_HEADER}`, or as `Authorization: Bearer <key>`."
_NO_KEY_YET = (
    "There is no API key yet, and without one only programs of the machine itself are served: not from elsewhere, "
    "through a proxy, or through a container's published port. Please make one with `cutwork-admin keys create`."
)
_BAD_KEY = "This API key is not valid: it is unknown, revoked or expired. Please use another one."


def protect(app: Flask, settings: Settings, key_store: KeyStore) -> None:
    """Refuse requests without a key on routes that need one."""
    familiar = FamiliarKeys()

    @app.before_request
    def _authenticate() -> None:
        # Without a rule there is no route: the answer will be a 404 or 405.
        if request.url_rule is None or request.blueprint in OPEN:
            return
        key = key_of(request)
        # In whose turn the key is looked up.
        g.likely_tenant = familiar.tenant_of(key)
        g.tenant = find_tenant(request, key, settings, key_store)
        familiar.note(key, g.tenant)


def current_tenant() -> str:
    """Name the tenant of the request that is being answered."""
    tenant: str = g.tenant
    return tenant


def find_tenant(received: Request, key: str, settings: Settings, key_store: KeyStore) -> str:
    """Find out whose request this is, by its key; empty: it has none.

    Raises:
        Refused: ERROR_USER_NOT_EXISTS.
        DatabaseUnavailable: The keys cannot be read.
    """
    tenant = key_store.tenant_of(key) if key else None
    if tenant is not None:
        return tenant
    if settings.keyless and key and key_store.is_empty():
        if may_go_without(received, settings.page_origins):
            return KEYLESS_TENANT
        raise Refused(ErrorCode.ERROR_USER_NOT_EXISTS, _NO_KEY_YET)
    raise Refused(ErrorCode.ERROR_USER_NOT_EXISTS, _BAD_KEY if key else _NO_KEY)


def key_of(received: Request) -> str:
    """Read the key of a request; empty if it has none."""
    key = received.headers.get(KEY_HEADER, "").strip()
    if key:
        return key
    # Not werkzeug's `authorization`, which raises what nobody expects for some of what is sent as `Basic`.
    scheme, _, token = received.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
