"""The documents say what the code says, lead where they say, and each page stands on a shelf."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.documents.library import PICTURES, ROUTES, address_of
from api.documents.markdown import headings_of
from api.documents.routes_page import write_routes_page
from api.documents.shelves import read_shelves
from api.openapi.document import create_document
from shared.documents import AT_ROOT, ROOT, explain
from shared.documents import FOLDER as DOCS
from shared.errors import ErrorCode
from shared.settings.settings import Settings, variable
from shared.wire.contract import Category
from tests.house.blocks import blocks_of
from tests.house.chart_pages import SCHEMA, schema_page
from tests.house.generated import PAGES, TO_BE_WRITTEN
from tests.house.times import times

API = DOCS / "reference" / "api.md"
ALL_PAGES = [*AT_ROOT, *(str(file.relative_to(ROOT)) for file in sorted(DOCS.rglob("*.md")))]
INDICES = {"README.md", "docs/README.md"}

OPERATIONS = [(verb, path) for path, verbs in create_document()["paths"].items() for verb in verbs]


@cache
def anchors_of(file: Path) -> set[str]:
    return {heading.anchor for heading in headings_of(file.read_text())}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_code_says(name: str) -> None:
    page = (DOCS / name).read_text()

    assert page == PAGES[name](page), f"docs/{name} is old: run `make docs`"


def test_the_chart_knows_the_settings_that_there_are() -> None:
    schema = SCHEMA.read_text()

    assert schema == schema_page(schema), f"{SCHEMA.name} is old: run `make docs`"


def test_the_settings_page_names_every_setting() -> None:
    named = set(re.findall(r"\w+", (DOCS / "reference" / "settings.md").read_text()))

    assert {variable(name) for name in Settings.model_fields} <= named


def test_every_time_that_is_no_setting_says_what_it_is_for() -> None:
    assert not [(time.file, time.name) for time in times() if not time.reason]


def test_the_api_page_lists_every_error() -> None:
    assert set(ErrorCode) <= set(re.findall(r"`(\w+)`", API.read_text()))


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_error_has_an_anchor_a_cause_and_a_cure(code: ErrorCode) -> None:
    said = explain(code)

    assert code.lower() in anchors_of(DOCS / "reference" / "errors.md")
    assert "Sent when: " in said
    assert TO_BE_WRITTEN not in said.partition("**What to do.** ")[2][:1]


@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_the_api_page_names_every_route(method: str, path: str) -> None:
    assert f"`{method.upper()} {path.replace('{job_id}', '{task_id}')}" in API.read_text()


@pytest.mark.parametrize("category", list(Category))
def test_the_api_page_explains_every_category(category: Category) -> None:
    assert f"`{category}`" in API.read_text()


@pytest.mark.parametrize("page", ALL_PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(
        r"`([\w./-]+/[\w.-]+\.(?:py|toml|sql|md|json|conf))`", (ROOT / page).read_text()
    )

    assert not [name for name in named if not (ROOT / name).exists()]


@pytest.mark.parametrize("page", ALL_PAGES)
def test_every_link_leads_to_a_file_and_a_part_of_it(page: str) -> None:
    file = ROOT / page
    dead = [target for target in links_in(file.read_text()) if not leads_somewhere(file, target)]

    assert not dead, f"{page} links to what is not there: {dead}"


def test_every_link_of_the_routes_page_leads_somewhere() -> None:
    page = DOCS / f"{ROUTES}.md"
    links = links_in(write_routes_page(create_document()))

    assert [it for it in links if not (it == "/openapi.json" or leads_somewhere(page, it))] == []
    assert not page.exists(), "its address is that of the routes page"


def test_every_page_stands_on_one_shelf() -> None:
    entries = [entry.address for shelf in read_shelves() for entry in shelf.entries]
    pages = {address_of(ROOT / page) for page in ALL_PAGES if page not in INDICES}

    assert sorted(entries) == sorted(pages | {f"/docs/{ROUTES}"})
    assert all(entry.summary.endswith(".") for shelf in read_shelves() for entry in shelf.entries)


@pytest.mark.parametrize("page", ALL_PAGES)
def test_every_python_block_can_be_read(page: str) -> None:
    for block in blocks_of(ROOT / page, "python"):
        ast.parse(block.code)


def links_in(text: str) -> list[str]:
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose))


def leads_somewhere(page: Path, target: str) -> bool:
    parts = urlsplit(target)
    if parts.scheme:
        return True
    file = (page.parent / parts.path).resolve() if parts.path else page
    if not file.is_file():
        return False
    return not parts.fragment or file.suffix in PICTURES or parts.fragment in anchors_of(file)
