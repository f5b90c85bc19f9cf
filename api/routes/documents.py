"""The documentation at `/docs`, from the files of the package; reading it needs no key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, redirect
from werkzeug.wrappers import Response as WerkzeugResponse

from api.answers.whole_file import whole_file
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
_HTML, _MARKDOWN, _CSS, _TEXT = (
    f"text/{kind}; charset=utf-8" for kind in ("html", "markdown", "css", "plain")
)
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
        return whole_file(pages.source("").encode(), _MARKDOWN)

    @blueprint.get(f"{HOME}/")
    def lead_to_index() -> WerkzeugResponse:
        return redirect(HOME)

    @blueprint.get(f"{HOME}/<path:name>")
    def show(name: str) -> Response:
        if pages.has(name):
            return _page(pages.html(name))
        if name.endswith(_SOURCE) and pages.has(name.removesuffix(_SOURCE)):
            return whole_file(pages.source(name.removesuffix(_SOURCE)).encode(), _MARKDOWN)
        if name == _STYLE.name:
            return whole_file(_STYLE.read_bytes(), _CSS)
        file = find_files().get(name)
        if file is None:
            abort(_NOT_FOUND)
        return whole_file(file.read_bytes(), PICTURES[file.suffix])

    @blueprint.get(LIST)
    def list_for_models() -> Response:
        return whole_file(pages.list_for_models().encode(), _TEXT)

    return blueprint


def _page(html: bytes) -> Response:
    response = whole_file(html, _HTML)
    response.headers["Content-Security-Policy"] = _POLICY
    return response
