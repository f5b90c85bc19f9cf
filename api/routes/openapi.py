"""The description of the whole API, for people and for generators of clients. It needs no key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

PATH = "/openapi.json"


def create_blueprint(document: Mapping[str, Any]) -> Blueprint:
    """Make the route; the document is the same for everybody."""
    blueprint = Blueprint("openapi", __name__)
    text = json.dumps(document, separators=(",", ":"))

    @blueprint.get(PATH)
    def describe() -> Response:
        return Response(text, mimetype="application/json")

    return blueprint
