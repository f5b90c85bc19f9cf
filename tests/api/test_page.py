"""The page as it is sent: what its policy allows, and what it knows of the contract."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from shared.wire.contract import MAX_IMAGE_BYTES, Category
from shared.wire.report import REASONS
from tests.api.conftest import FrontEnd


def test_the_page_may_load_nothing_but_its_own_files_and_results(front_end: FrontEnd) -> None:
    answer = front_end.client().get("/")

    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: https://results.test",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_operations_page_may_load_nothing_but_its_own_files(front_end: FrontEnd) -> None:
    answer = front_end.client().get("/ops")

    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert "{{" not in answer.text
    assert 'id="key-dialog"' in answer.text


def test_an_address_without_a_path_is_the_page_and_no_redirect(front_end: FrontEnd) -> None:
    answer = front_end.client().get("//host.test")

    assert (answer.status_code, answer.mimetype) == (200, "text/html")


def test_the_page_knows_the_contract(front_end: FrontEnd) -> None:
    page = front_end.client().get("/").text

    found = re.search(r'<meta name="contract" content="(.*?)">', page)
    assert found is not None
    contract = json.loads(unescape(found[1]))
    assert contract["maxBytes"] == MAX_IMAGE_BYTES
    assert contract["categories"] == list(Category)
    assert "amazon-main" in contract["presets"]
    assert contract["reasons"] == REASONS


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("main.js", "text/javascript"),
        ("ops/main.js", "text/javascript"),
        ("base.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_a_file_is_sent_again_only_if_it_has_changed(
    front_end: FrontEnd, name: str, media_type: str
) -> None:
    first = front_end.client().get(f"/page/{name}")

    assert (first.status_code, first.mimetype) == (200, media_type)
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    again = front_end.client().get(
        f"/page/{name}", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
