"""Every row of SECURITY.md's threat table names the attempts of `make attack`, and every attempt stands in its row.

What was seen of each stands in docs/why/security.md.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.attack.report import words
from tests.attack.threats import THREATS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text()
SEEN = (ROOT / "docs" / "why" / "security.md").read_text()
TABLE = PAGE.partition("| threat | what is done | where | attempts |\n")[2].partition("\n\n")[0]
ROWS = {
    cells[0]: re.findall(r"`(\w+)`", cells[3])
    for cells in (re.split(r"(?<!\\) \| ", line.strip("| ")) for line in TABLE.splitlines()[1:])
}


def test_the_table_is_read_whole() -> None:
    assert len(ROWS) == len(TABLE.splitlines()) - 1 >= 15


def test_every_threat_of_the_table_has_attempts_and_every_attempt_a_threat_there() -> None:
    assert ROWS.keys() == THREATS.keys()


@pytest.mark.parametrize("threat", THREATS)
def test_a_row_names_the_attempts_that_are_made_and_no_other(threat: str) -> None:
    assert ROWS.get(threat) == [attempt.__name__ for attempt in THREATS[threat]]


def test_every_file_that_the_page_names_exists() -> None:
    named = re.findall(r"`((?:api|deploy|shared|tests|worker)/[\w./-]+)`", PAGE)

    assert [it for it in named if not (ROOT / it).exists()] == []


@pytest.mark.parametrize("threat", THREATS)
def test_what_was_seen_of_each_attempt_is_told(threat: str) -> None:
    told = [f"| {words(attempt.__name__)} |" for attempt in THREATS[threat]]

    assert [row for row in told if row not in SEEN] == []
    assert f"| {threat} |" in SEEN
