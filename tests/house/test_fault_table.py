"""The fault table of docs/why/reliability.md names tests that exist, and leaves no fault out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULTS = 50

PAGE = (ROOT / "docs" / "why" / "reliability.md").read_text()
ROWS = dict(re.findall(r"^\| (\d+) \|[^|]+\|([^|]+)\|$", PAGE, re.MULTILINE))
TESTS = {
    node.name
    for file in (ROOT / "tests").rglob("test_*.py")
    for node in ast.parse(file.read_text()).body
    if isinstance(node, ast.FunctionDef)
}


def test_the_table_has_all_fifty_faults() -> None:
    assert [int(number) for number in ROWS] == list(range(1, FAULTS + 1))


def test_every_test_that_the_page_names_exists() -> None:
    assert set(re.findall(r"`(test_\w+)`", PAGE)) <= TESTS


@pytest.mark.parametrize("section", ["Requests", "Webhooks", "Surroundings"])
def test_each_row_of_what_is_answered_has_a_test(section: str) -> None:
    [table] = re.findall(rf"^## {section}\n(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]

    assert rows
    assert [row for row in rows if not re.search(r"`test_\w+` \|$", row)] == []


@pytest.mark.parametrize("number", ROWS)
def test_a_fault_has_a_test_or_a_reason(number: str) -> None:
    assert ROWS[number].strip(" ·")
