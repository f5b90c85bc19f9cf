"""The page at `/`: a client of the API like any other, made of the files in `api/page`. Reading it needs no key."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from flask import Blueprint, Response, abort, request

from api.answers.job_ids import MAX_IDS
from api.answers.whole_file import whole_file
from shared.contract import MAX_IMAGE_BYTES, MAX_SIDE_EXCLUSIVE, MIN_SIDE_EXCLUSIVE, Category
from shared.object_store import ObjectStore
from shared.presets import Presets
from shared.rendition import Format

PATH, FILE = "/", "/page/<name>"

_FOLDER = Path(__file__).parents[1] / "page"
_INDEX = "index.html"
#: Where the index says what the contract says, so that no script says it again.
_CONTRACT = "{{contract}}"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: Nothing inline, and no other origin but the object store's, for pictures.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: {store}; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_NOT_FOUND = 404


def create_blueprint(object_store: ObjectStore, presets: Presets) -> Blueprint:
    """Make both routes; the files are read once.

    Args:
        object_store: Where results lead browsers.
        presets: Those that can be named.
    """
    blueprint = Blueprint("page", __name__)
    files = {file.name: file.read_bytes() for file in _FOLDER.iterdir() if file.suffix in _TYPES}
    index = files.pop(_INDEX).replace(_CONTRACT.encode(), _contract(presets).encode())

    # A request for `http://host` has no path at all, and is no redirect either.
    @blueprint.get(PATH, strict_slashes=False)
    def show_page() -> Response:
        store = object_store.results_origin(request.headers.get("Host", ""))
        response = whole_file(index, _TYPES[".html"])
        response.headers["Content-Security-Policy"] = _POLICY.format(store=store)
        return response

    @blueprint.get(FILE)
    def send_file(name: str) -> Response:
        if name not in files:
            abort(_NOT_FOUND)
        return whole_file(files[name], _TYPES[Path(name).suffix])

    return blueprint


def _contract(presets: Presets) -> str:
    """Write down what the page needs to know before it asks for anything."""
    known = {
        "maxBytes": MAX_IMAGE_BYTES,
        "minSide": MIN_SIDE_EXCLUSIVE + 1,
        "maxSide": MAX_SIDE_EXCLUSIVE - 1,
        "maxIds": MAX_IDS,
        "categories": list(Category),
        "formats": list(Format),
        "presets": sorted(presets),
    }
    return escape(json.dumps(known))
