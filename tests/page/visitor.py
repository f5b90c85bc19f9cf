"""What somebody does on the page, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Download, Locator, Page, Request, expect

#: A job has to be done by then, on a busy machine too.
PATIENCE = 60_000


class Visitor:
    """A browser's tab, and what is remembered of it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        #: What the browser complained about: a policy that forbids something, a script that fails.
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda it: self._hear(it.type, it.text))
        page.on("request", lambda it: self.requests.append(it))  # noqa: PLW0108  marked by Playwright, which no built-in can be

    def come(self) -> None:
        self.page.goto(self.url)

    def choose(self, *files: Path) -> None:
        self.page.set_input_files("#choose-photos", files)

    def card(self, name: str) -> Locator:
        return self.page.get_by_role("article", name=name)

    def wait_for(self, name: str, word: str = "Done") -> Locator:
        """Wait until a card says so."""
        card = self.card(name)
        expect(card.locator(".word")).to_contain_text(word, timeout=PATIENCE)
        return card

    def download(self, button: Locator) -> Download:
        with self.page.expect_download() as pending:
            button.click()
        return pending.value

    def sent(self, method: str, path: str) -> Sequence[Request]:
        """What the page has asked the service for."""
        start = self.url + path
        return [it for it in self.requests if it.method == method and it.url.startswith(start)]

    def check_calm(self) -> None:
        assert not self.complaints

    def serious_findings(self) -> list[str]:
        """What axe finds on the page that shuts somebody out."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{it['id']}: {[node['html'] for node in it['nodes']]}"
            for it in found
            if it["impact"] in {"serious", "critical"}
        ]

    def _hear(self, kind: str, text: str) -> None:
        # An answer of 4xx is told by the browser, too, and is an answer.
        if kind == "error" and "the server responded with a status of" not in text:
            self.complaints.append(text)
