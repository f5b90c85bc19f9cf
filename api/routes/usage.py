"""What the tenant has used."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from api.admission.auth import current_tenant
from api.answers.envelope import respond
from api.answers.usage import for_usage, read_span
from api.services import Services

PATH = "/v1/usage"


def create_blueprint(services: Services) -> Blueprint:
    """Make the route."""
    blueprint = Blueprint("usage", __name__)

    @blueprint.get(PATH)
    def show_usage() -> Response:
        span = read_span(request.args, datetime.now(UTC).date())
        return respond(for_usage(span, services.usage.read(current_tenant(), *span)))

    return blueprint
