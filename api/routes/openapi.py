"""The description of the whole API, for people and for generators of clients. It needs no key."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from api.openapi.document import create_document

PATH = "/openapi.json"


def create_blueprint() -> Blueprint:
    """Make the route; the document is the same for everybody, and built once."""
    blueprint = Blueprint("openapi", __name__)
    document = create_document()

    @blueprint.get(PATH)
    def describe() -> Response:
        return jsonify(document)

    return blueprint
