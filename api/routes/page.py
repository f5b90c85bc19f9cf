"""The pages at `/` and `/ops`: clients of the API, made of the files in `api/page`. To read them needs no key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path

from flask import Blueprint, Response, abort, request

from api.answers.job_ids import MAX_IDS
from api.answers.matching import ERASABLE
from api.answers.whole_file import whole_file
from shared.errors import JOB_FAILURES
from shared.objects.store import ObjectStore
from shared.wire.contract import MAX_IMAGE_BYTES, MAX_SIDE_EXCLUSIVE, MIN_SIDE_EXCLUSIVE, Category
from shared.wire.presets import Presets
from shared.wire.rendition import Format
from shared.wire.report import REASONS

PATH, OPS, FILE = "/", "/ops", "/page/<path:name>"

_FOLDER = Path(__file__).parents[1] / "page"
_INDEX, _OPS_INDEX, _KEY_DIALOG = "index.html", "ops/index.html", "key-dialog.html"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: Nothing inline, and no other origin.
_OPS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
#: The same, and the object store's origin, for pictures.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: {store}; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_NOT_FOUND = 404


def create_blueprint(object_store: ObjectStore, presets: Presets) -> Blueprint:
    """Make all routes; the files are read once.

    Args:
        object_store: Where results lead browsers.
        presets: Those that can be named.
    """
    blueprint = Blueprint("page", __name__)
    files = _read_files()
    parts = {"key-dialog": files.pop(_KEY_DIALOG), "contract": _contract(presets).encode()}
    index, ops_index = (_put_in(files.pop(name), parts) for name in (_INDEX, _OPS_INDEX))

    # A request for `http://host` has no path at all, and is no redirect either.
    @blueprint.get(PATH, strict_slashes=False)
    def show_page() -> Response:
        store = object_store.results_origin(request.headers.get("Host", ""))
        return _page(index, _POLICY.format(store=store))

    @blueprint.get(OPS)
    def show_operations() -> Response:
        return _page(ops_index, _OPS_POLICY)

    @blueprint.get(FILE)
    def send_file(name: str) -> Response:
        if name not in files:
            abort(_NOT_FOUND)
        return whole_file(files[name], _TYPES[Path(name).suffix])

    return blueprint


def _read_files() -> dict[str, bytes]:
    """Read all files, by their paths in the folder."""
    return {
        file.relative_to(_FOLDER).as_posix(): file.read_bytes()
        for file in _FOLDER.rglob("*")
        if file.suffix in _TYPES
    }


def _put_in(page: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Fill a page in: with what others have too, and with what the contract says, so that no script says it again."""
    for name, part in parts.items():
        page = page.replace(b"{{%s}}" % name.encode(), part)
    return page


def _page(html: bytes, policy: str) -> Response:
    response = whole_file(html, _TYPES[".html"])
    response.headers["Content-Security-Policy"] = policy
    return response


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
        "reasons": REASONS,
        "codes": list(JOB_FAILURES),
        "erasable": list(ERASABLE),
    }
    return escape(json.dumps(known))
