"""The documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.openapi.document import create_document
from api.openapi.errors import MEANINGS
from deploy.admin import admin
from shared.contract import Category
from shared.errors import CATALOGUE, ErrorCode
from shared.settings import Settings, variable

DOCS = Path(__file__).parents[2] / "docs"
OPERATIONS = [(verb, path) for path, verbs in create_document()["paths"].items() for verb in verbs]


def test_the_settings_page_is_what_the_settings_print() -> None:
    printed = CliRunner().invoke(admin, ["settings"]).output

    assert {variable(name) for name in Settings.model_fields} <= set(re.findall(r"\w+", printed))
    assert (DOCS / "settings.md").read_text().endswith(printed), (
        "docs/settings.md is old: put the output of `cutwork-admin settings` there"
    )


def test_the_api_page_lists_every_error_with_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", (DOCS / "api.md").read_text(), re.MULTILINE)

    assert {ErrorCode(code): int(status) for status, code in rows} == {
        code: entry.http_status for code, entry in CATALOGUE.items()
    }


def test_the_api_page_says_of_every_error_what_the_openapi_document_says() -> None:
    rows = re.findall(
        r"^\| \d{3} \| `(\w+)` \| (.*) \|$", (DOCS / "api.md").read_text(), re.MULTILINE
    )

    assert {ErrorCode(code): meaning for code, meaning in rows} == MEANINGS


@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_the_api_page_names_every_route(method: str, path: str) -> None:
    assert (
        f"`{method.upper()} {path.replace('{job_id}', '{task_id}')}"
        in (DOCS / "api.md").read_text()
    )


@pytest.mark.parametrize("category", list(Category))
def test_the_api_page_explains_every_category(category: Category) -> None:
    assert f"`{category}`" in (DOCS / "api.md").read_text()
