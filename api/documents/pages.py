"""Each page in its frame, rendered when somebody asks for it first, and kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from api.documents.library import HOME, INDEX, ROUTES, address_of, find_files, resolve
from api.documents.routes_page import write_routes_page
from api.documents.shelves import Shelf, read_shelves
from shared.documents import FOLDER

_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
#: A page of fewer parts can be seen without a list of them.
_PARTS_TO_LIST = 4
_LEVELS_TO_LIST = 2


class Pages:
    """All pages of one installation."""

    def __init__(self, document: Mapping[str, Any], public_path: str) -> None:
        """Render nothing yet.

        Args:
            document: The OpenAPI document.
            public_path: Where a proxy has put the service.
        """
        self._document = document
        self._public_path = public_path
        self._rendered: dict[str, bytes] = {}

    @cached_property
    def _shelves(self) -> list[Shelf]:
        return read_shelves()

    def has(self, name: str) -> bool:
        """Tell whether there is a page of this name; the index's is empty."""
        return name == ROUTES or getattr(find_files().get(name), "suffix", "") == ".md"

    def html(self, name: str) -> bytes:
        """Give a page in its frame."""
        if name not in self._rendered:
            self._rendered[name] = self._render(name).encode()
        return self._rendered[name]

    def source(self, name: str) -> str:
        """Give a page as Markdown."""
        if name == ROUTES:
            return write_routes_page(self._document)
        return find_files()[name].read_text(encoding="utf-8")

    def list_for_models(self) -> str:
        """List all pages in the form of llmstxt.org: what there is, and where its Markdown is."""
        lines = [f"# Cutwork\n\n> {self._summary()}\n"]
        for shelf in self._shelves:
            lines.append(f"## {shelf.title}\n")
            lines += [
                f"- [{entry.title}]({self._public_path}{entry.address}.md): {entry.summary}"
                for entry in shelf.entries
            ]
            lines.append("")
        return "\n".join(lines)

    def _summary(self) -> str:
        _, summary, *_ = (FOLDER / INDEX).read_text(encoding="utf-8").split("\n\n")
        return " ".join(summary.split())

    def _render(self, name: str) -> str:
        # Here, so that a process that shows no page does without the parsers.
        from api.documents.markdown import render  # noqa: PLC0415

        file = find_files().get(name, FOLDER / f"{ROUTES}.md")
        rendered = render(self.source(name), lambda target: self._address(file, target))
        parts = [it for it in rendered.headings if it.level == _LEVELS_TO_LIST]
        return _TEMPLATES.get_template("page.html").render(
            title=rendered.title,
            body=rendered.html,
            parts=parts if name and len(parts) >= _PARTS_TO_LIST else [],
            shelves=self._shelves,
            here=address_of(file),
            home=HOME,
            base=self._public_path,
        )

    def _address(self, file: Path, target: str) -> str | None:
        found = resolve(file, target)
        return self._public_path + found if found and found.startswith("/") else found
