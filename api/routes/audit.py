"""The tenant's part of the audit log."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.admission.auth import current_tenant
from api.answers.audit import bookmark_of, for_audit
from api.answers.cursor import cut_page, read_paging
from api.answers.envelope import respond
from api.services import Services

PATH = "/v1/audit"


def create_blueprint(services: Services) -> Blueprint:
    """Make the route."""
    blueprint = Blueprint("audit", __name__)

    @blueprint.get(PATH)
    def list_audit() -> Response:
        limit, after = read_paging(request.args)
        found = services.audit.list_entries(current_tenant(), limit + 1, after)
        return respond(for_audit(*cut_page(found, limit, bookmark_of)))

    return blueprint
