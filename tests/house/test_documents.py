"""The documents say what the code says."""

from __future__ import annotations

import re

import pytest

from api.openapi.document import create_document
from shared.contract import Category
from shared.errors import ErrorCode
from shared.settings import Settings, variable
from tests.house.generated import DOCS, PAGES

ROOT = DOCS.parent
PAGES_OF_DOCS = [f"docs/{file.name}" for file in sorted(DOCS.glob("*.md"))]

OPERATIONS = [(verb, path) for path, verbs in create_document()["paths"].items() for verb in verbs]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_code_says(name: str) -> None:
    page = (DOCS / name).read_text()

    assert page == PAGES[name](page), f"docs/{name} is old: run `make docs`"


def test_the_settings_page_names_every_setting() -> None:
    named = set(re.findall(r"\w+", (DOCS / "settings.md").read_text()))

    assert {variable(name) for name in Settings.model_fields} <= named


def test_the_api_page_lists_every_error() -> None:
    assert set(ErrorCode) <= set(re.findall(r"`(\w+)`", (DOCS / "api.md").read_text()))


@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_the_api_page_names_every_route(method: str, path: str) -> None:
    assert (
        f"`{method.upper()} {path.replace('{job_id}', '{task_id}')}"
        in (DOCS / "api.md").read_text()
    )


@pytest.mark.parametrize("category", list(Category))
def test_the_api_page_explains_every_category(category: Category) -> None:
    assert f"`{category}`" in (DOCS / "api.md").read_text()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", *PAGES_OF_DOCS])
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(
        r"`([\w./-]+/[\w.-]+\.(?:py|toml|sql|md|json|conf))`", (ROOT / page).read_text()
    )

    assert not [name for name in named if not (ROOT / name).exists()]
