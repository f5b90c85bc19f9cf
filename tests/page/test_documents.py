"""The documentation for everybody: in the dark, on a small screen, read aloud, with nothing that its policy refuses."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from api.openapi.document import create_document
from api.routes import documents
from deploy.local.servers.ports import LOOPBACK

ADDRESSES = ["/docs", "/docs/api", "/docs/start/five-minutes", "/docs/reference/errors"]


@pytest.fixture(scope="module")
def url(browser: Browser) -> Iterator[str]:
    """Where the documentation alone is served; without a browser it is not."""
    app = Flask("documents", static_folder=None)
    app.register_blueprint(documents.create_blueprint(create_document(), ""))
    server = make_server(LOOPBACK, 0, app, threaded=True)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://{LOOPBACK}:{server.port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_can_be_read_by_everybody(url: str, page: Page, address: str, scheme: str) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    page.goto(url + address)

    violations = Axe().run(page).response["violations"]
    assert [it["id"] for it in violations if it["impact"] in {"serious", "critical"}] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [text for text in refused if "Content Security Policy" in text] == []
