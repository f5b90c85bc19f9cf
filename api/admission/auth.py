"""Whose request it is, and whether its key may do that: decided before any of its body is read."""

from __future__ import annotations

from flask import Flask, Request, g, request

from api.admission.familiar_keys import FamiliarKeys
from api.admission.keyless import may_go_without
from api.admission.last_uses import LastUses
from api.admission.scopes import check_scope
from api.request_names import request_id
from shared.errors import ErrorCode, Refused
from shared.settings.settings import Settings
from shared.tenants.api_key import KEYLESS, KEYLESS_TENANT, Caller
from shared.tenants.audit import Actor
from shared.tenants.key_store import KeyStore

KEY_HEADER = "ailabapi-api-key"
#: The blueprints that need no key. Every other route does, so a new one cannot be left open by forgetting.
OPEN = frozenset({"documents", "health", "openapi", "page"})

_NO_KEY = f"Send your API key in the header `{KEY_HEADER}`, or as `Authorization: Bearer <key>`."
_NO_KEY_YET = (
    "There is no API key yet, and without one only programs of the machine itself are served: not from elsewhere, "
    "through a proxy, or through a container's published port. Please make one with `cutwork-admin keys create`."
)
_BAD_KEY = "This API key is not valid: it is unknown, revoked or expired. Please use another one."


def protect(app: Flask, settings: Settings, key_store: KeyStore, last_uses: LastUses) -> None:
    """Refuse requests on routes that need a key, unless theirs may do what the route does."""
    familiar = FamiliarKeys()

    @app.before_request
    def _authenticate() -> None:
        # Without a rule there is no route: the answer will be a 404 or 405.
        if request.url_rule is None or request.blueprint in OPEN:
            return
        key = key_of(request)
        # In whose turn the key is looked up.
        g.likely_tenant = familiar.tenant_of(key)
        g.caller = find_caller(request, key, settings, key_store)
        familiar.note(key, current_tenant())
        last_uses.note(current_caller().key_id)
        check_scope(request.endpoint or "", current_caller())


def current_caller() -> Caller:
    """Tell who sent the request that is being answered."""
    caller: Caller = g.caller
    return caller


def current_tenant() -> str:
    """Name the tenant of the request that is being answered."""
    return current_caller().tenant


def current_actor() -> Actor:
    """Tell the same for the audit log."""
    return Actor(
        name=current_caller().key_id or KEYLESS_TENANT,
        address=request.remote_addr or "",
        request_id=request_id(),
    )


def find_caller(received: Request, key: str, settings: Settings, key_store: KeyStore) -> Caller:
    """Find out who sent a request, by its key; empty: it has none.

    Raises:
        Refused: ERROR_USER_NOT_EXISTS.
        DatabaseUnavailable: The keys cannot be read.
    """
    caller = key_store.find_caller(key) if key else None
    if caller is not None:
        return caller
    if settings.keyless and key and key_store.is_empty():
        if may_go_without(received, settings.page_origins):
            return Caller(tenant=KEYLESS_TENANT, scopes=KEYLESS)
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
