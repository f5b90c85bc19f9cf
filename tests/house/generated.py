"""`make docs`: writes the parts of docs/ that the code says itself: the settings' table, and the errors'."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from click.testing import CliRunner

from api.openapi.errors import MEANINGS
from deploy.admin import admin
from shared.errors import CATALOGUE

DOCS = Path(__file__).parents[2] / "docs"

_ERRORS = "| HTTP | code | when |\n|---|---|---|\n"


def settings_page(page: str) -> str:
    """Replace the table, and all that follows it, by what `cutwork-admin settings` prints."""
    printed = CliRunner().invoke(admin, ["settings"]).output
    head, found, _ = page.partition(printed.partition("\n")[0])
    assert found, "docs/settings.md has no table any more"
    return head + printed


def api_page(page: str) -> str:
    """Replace the table of errors, in the catalogue's order."""
    rows = "".join(
        f"| {entry.http_status} | `{code}` | {MEANINGS[code]} |\n"
        for code, entry in CATALOGUE.items()
    )
    written, count = re.subn(
        rf"{re.escape(_ERRORS)}(\|.*\n)*", lambda _: _ERRORS + rows, page, count=1
    )
    assert count, "docs/api.md has no table of errors any more"
    return written


PAGES: Mapping[str, Callable[[str], str]] = {"settings.md": settings_page, "api.md": api_page}


def main() -> None:
    """Write all pages."""
    for name, write in PAGES.items():
        page = DOCS / name
        page.write_text(write(page.read_text()))


if __name__ == "__main__":
    main()
