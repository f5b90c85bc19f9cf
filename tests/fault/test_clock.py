"""A machine whose clock is wrong: nobody asks it."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Of SQLite, which is on this machine and shares its clock.
ALLOWED = {"shared/clock.py"}
TIME_OF_DAY = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}


def test_leases_and_lifetimes_are_judged_by_the_databases_clock_alone() -> None:
    """So a worker that is five minutes off neither takes a lease too early nor keeps one too long."""
    asked = {
        str(file.relative_to(ROOT))
        for room in ("api", "shared", "worker")
        for file in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in TIME_OF_DAY
    }

    assert asked == ALLOWED
