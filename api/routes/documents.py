"""The documentation at `/docs`, from the files of the package; reading it needs no key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse

from api.documents.library import HOME, PICTURES, find_files
from api.documents.pages import Pages

LIST = "/llms.txt"

_STYLE = Path(__file__).parents[1] / "documents" / "docs.css"
#: Nothing inline, and nothing from elsewhere: no script at all.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_SOURCE = ".md"
_NOT_FOUND = 404


def create_blueprint(document: Mapping[str, Any], public_path: str) -> Blueprint:
    """Make the routes.

    Args:
        document: The OpenAPI document, which is a page too.
        public_path: Where a proxy has put the service.
    """
    blueprint = Blueprint("documents", __name__)
    pages = Pages(document, public_path)

    @blueprint.get(HOME)
    def show_index() -> Response:
        return _page(pages.html(""))

    @blueprint.get(f"{HOME}{_SOURCE}")
    def send_index() -> Response:
        return _send(pages.source("").encode(), "text/markdown")

    @blueprint.get(f"{HOME}/")
    def lead_to_index() -> WerkzeugResponse:
        return redirect(HOME)

    @blueprint.get(f"{HOME}/<path:name>")
    def show(name: str) -> Response:
        if pages.has(name):
            return _page(pages.html(name))
        if name.endswith(_SOURCE) and pages.has(name.removesuffix(_SOURCE)):
            return _send(pages.source(name.removesuffix(_SOURCE)).encode(), "text/markdown")
        if name == _STYLE.name:
            return _send(_STYLE.read_bytes(), "text/css")
        file = find_files().get(name)
        if file is None:
            abort(_NOT_FOUND)
        return _send(file.read_bytes(), PICTURES[file.suffix])

    @blueprint.get(LIST)
    def list_for_models() -> Response:
        return _send(pages.list_for_models().encode(), "text/plain")

    return blueprint


def _page(html: bytes) -> Response:
    response = _send(html, "text/html")
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _send(content: bytes, media_type: str) -> Response:
    response = Response(content, mimetype=media_type)
    # Asked about each time, so that nobody reads the pages of another release.
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
