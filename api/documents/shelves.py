"""The shelves of pages, in the order of `docs/README.md`: a part there is a shelf, a line of its list a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from api.documents.library import HOME, INDEX, ROUTES, resolve
from shared.documents import FOLDER

_SHELF = re.compile(r"^## (.+)\n+((?:(?:- | {2}).*\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^- \[([^]]+)\]\(([^)]+)\): ((?:.|\n  )+)", re.MULTILINE)
#: The shelf on which the page stands that is no file.
_REFERENCE = "Reference"


@dataclass(frozen=True)
class Entry:
    """A page on a shelf."""

    title: str
    address: str
    summary: str


@dataclass(frozen=True)
class Shelf:
    """Pages of one kind."""

    title: str
    entries: Sequence[Entry]


def read_shelves() -> list[Shelf]:
    """Read what stands where."""
    index = FOLDER / INDEX
    shelves = []
    for title, lines in _SHELF.findall(index.read_text(encoding="utf-8")):
        entries = [
            Entry(
                name.replace("`", ""),
                resolve(index, target) or HOME,
                re.sub(r"\s+", " ", summary).strip(),
            )
            for name, target, summary in _ENTRY.findall(lines)
        ]
        if title == _REFERENCE:
            summary = "each route with what it takes and answers, from `/openapi.json`."
            entries.insert(1, Entry("All routes", f"{HOME}/{ROUTES}", summary))
        shelves.append(Shelf(title, entries))
    return shelves
