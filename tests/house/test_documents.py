"""The documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.admin import admin
from shared.contract import Category
from shared.errors import CATALOGUE, ErrorCode

DOCS = Path(__file__).parents[2] / "docs"


def test_the_settings_page_is_what_the_settings_print() -> None:
    printed = CliRunner().invoke(admin, ["settings"]).output

    assert (DOCS / "settings.md").read_text().endswith(printed), (
        "docs/settings.md is old: put the output of `cutwork-admin settings` there"
    )


def test_the_api_page_lists_every_error_with_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", (DOCS / "api.md").read_text(), re.MULTILINE)

    assert {ErrorCode(code): int(status) for status, code in rows} == {
        code: entry.http_status for code, entry in CATALOGUE.items()
    }


@pytest.mark.parametrize("category", list(Category))
def test_the_api_page_explains_every_category(category: Category) -> None:
    assert f"`{category}`" in (DOCS / "api.md").read_text()
