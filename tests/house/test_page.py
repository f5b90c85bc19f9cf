"""The page's files: small, on their own, and with nothing that its policy would forbid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "api" / "page"
FILES = sorted(file for file in PAGE.rglob("*") if file.suffix in {".js", ".css", ".html"})
#: What the server fills in and sends; and what it fills in.
_PAGES, _KEY_DIALOG = ("index.html", "ops/index.html"), "key-dialog.html"
_NAMES = [file.relative_to(PAGE).as_posix() for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=_NAMES)
def test_a_file_is_short_and_names_no_other_origin(file: Path) -> None:
    text = file.read_text()

    assert len(text.splitlines()) <= 300
    assert not re.findall(
        r"""(?:["'(]|\s)(?:https?:)?//[a-z]""",
        re.sub(r"^\s*(//|\*).*", "", text, flags=re.MULTILINE),
    )


@pytest.mark.parametrize("page", [name for name in _NAMES if name.endswith(".html")])
def test_nothing_is_inline(page: str) -> None:
    text = (PAGE / page).read_text()

    assert not re.findall(r"\s(?:style|on\w+)=|<style|<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("file", FILES, ids=_NAMES)
def test_text_never_becomes_markup(file: Path) -> None:
    assert not re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function",
        file.read_text(),
    )


def test_every_file_is_used() -> None:
    used = {_KEY_DIALOG, *_PAGES}
    for file in FILES:
        named = re.findall(r"""["'](\.{1,2}/|page/)([\w/-]+\.\w+)["']""", file.read_text())
        for start, name in named:
            folder = PAGE if start == "page/" else file.parent / start
            used.add((folder / name).resolve().relative_to(PAGE).as_posix())

    there = {it.relative_to(PAGE).as_posix() for it in PAGE.rglob("*") if it.is_file()}
    assert there == used
