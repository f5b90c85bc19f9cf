"""The description of the whole API, for people and for generators of clients. It needs no key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify

PATH = "/openapi.json"


def create_blueprint(document: Mapping[str, Any]) -> Blueprint:
    """Make the route; the document is the same for everybody."""
    blueprint = Blueprint("openapi", __name__)

    @blueprint.get(PATH)
    def describe() -> Response:
        return jsonify(document)

    return blueprint
