"""The description of the whole API, for people and for generators of clients. It needs no key."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from api.openapi.document import create_document
from shared.presets import Presets

PATH = "/openapi.json"


def create_blueprint(presets: Presets, public_path: str) -> Blueprint:
    """Make the route; the document is the same for everybody, and built once."""
    blueprint = Blueprint("openapi", __name__)
    document = create_document(sorted(presets), public_path)

    @blueprint.get(PATH)
    def describe() -> Response:
        return jsonify(document)

    return blueprint
