"""The page's files: small, on their own, and with nothing that its policy would forbid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "api" / "page"
FILES = sorted(file for file in PAGE.iterdir() if file.suffix in {".js", ".css", ".html"})
_NAMES = [file.name for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=_NAMES)
def test_a_file_is_short_and_names_no_other_origin(file: Path) -> None:
    text = file.read_text()

    assert len(text.splitlines()) <= 300
    assert not re.findall(
        r"""(?:["'(]|\s)(?:https?:)?//[a-z]""",
        re.sub(r"^\s*(//|\*).*", "", text, flags=re.MULTILINE),
    )


def test_nothing_is_inline() -> None:
    text = (PAGE / "index.html").read_text()

    assert not re.findall(r"\s(?:style|on\w+)=|<style|<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("file", FILES, ids=_NAMES)
def test_text_never_becomes_markup(file: Path) -> None:
    assert not re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function",
        file.read_text(),
    )


def test_every_file_is_used() -> None:
    texts = "".join(file.read_text() for file in FILES)
    used = set(re.findall(r"""["'](?:\./|page/)([\w-]+\.\w+)["']""", texts))

    assert {file.name for file in PAGE.iterdir()} - {"index.html"} == used
