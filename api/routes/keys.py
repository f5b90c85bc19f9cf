"""A tenant's keys, for its administrators. They reach no other tenant's: what crosses tenants is `cutwork-admin`'s."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.admission.auth import current_actor, current_tenant
from api.answers.cursor import cut_page, read_paging
from api.answers.envelope import respond, without_body
from api.answers.keys import bookmark_of, for_key, for_keys, for_new_key, mark_of
from api.intake.callbacks import Callbacks
from api.intake.json_body import read_json_object
from api.intake.key_terms import check_quotas, read_overlap, read_terms
from api.services import Services
from shared.errors import ErrorCode, Refused
from shared.settings.settings import Settings
from shared.tenants.api_key import OF_OPERATORS, ApiKey

PATH = "/v1/keys"
ONE = f"{PATH}/<key_id>"
ROTATE = f"{ONE}/rotate"

_NO_CONTENT = 204
_OPERATORS_KEY = "This key reaches beyond your account. Please ask the operator for another one: `cutwork-admin keys`."


def create_blueprint(settings: Settings, services: Services, callbacks: Callbacks) -> Blueprint:
    """Make the routes."""
    blueprint = Blueprint("keys", __name__)
    key_store = services.key_store

    def own_key(key_id: str) -> ApiKey:
        key = key_store.find(current_tenant(), key_id)
        if key is None:
            raise _unknown_key()
        return key

    @blueprint.get(PATH)
    def list_keys() -> Response:
        limit, after = read_paging(request.args)
        found = key_store.list_keys(current_tenant(), limit + 1, mark_of(after))
        return respond(for_keys(*cut_page(found, limit, bookmark_of)))

    @blueprint.post(PATH)
    def create_key() -> Response:
        terms = read_terms(read_json_object(request), settings, callbacks)
        return respond(for_new_key(*key_store.create(current_tenant(), terms, current_actor())))

    @blueprint.get(ONE)
    def show_key(key_id: str) -> Response:
        return respond(for_key(own_key(key_id)))

    @blueprint.post(ROTATE)
    def rotate_key(key_id: str) -> Response:
        overlap = read_overlap(read_json_object(request))
        key = own_key(key_id)
        if key.scopes & OF_OPERATORS:
            # Whoever may do so would have a key to all tenants.
            raise Refused(ErrorCode.ERROR_PERMISSION_DENIED, _OPERATORS_KEY)
        # While both open, each would have them for itself.
        check_quotas(key.rate_per_minute, key.max_queued, settings)
        made = key_store.rotate(key_id, overlap, current_actor(), current_tenant())
        if made is None:
            raise _unknown_key()
        return respond(for_new_key(*made))

    @blueprint.delete(ONE)
    def revoke_key(key_id: str) -> Response:
        own_key(key_id)
        key_store.revoke(key_id, current_actor(), current_tenant())
        return without_body(_NO_CONTENT)

    return blueprint


def _unknown_key() -> Refused:
    return Refused(
        ErrorCode.ERROR_RESOURCE_NOT_FOUND, "Your account has no such key, or it has ended."
    )
