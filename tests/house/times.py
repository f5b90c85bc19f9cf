"""The times that are no settings: constants of modules, each with a comment that says what it is for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "worker", "shared")

_TIME = re.compile(
    r"""(?P<reason>(?:^\#:.*\n)*)
        ^(?P<name>[A-Z_]+)(?::\s\w+)?\s=\s
        (?P<value>timedelta\((?!microseconds).*\) | (?<=SECONDS\s=\s)[\d.]+)$""",
    re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True)
class Time:
    """One of them."""

    file: str
    name: str
    seconds: float
    reason: str


def times() -> Iterator[Time]:
    """Find them all, in the order of their files."""
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            for found in _TIME.finditer(file.read_text()):
                yield Time(
                    file=str(file.relative_to(ROOT)),
                    name=found["name"],
                    seconds=_seconds(found["value"]),
                    reason=" ".join(line.strip("#: ") for line in found["reason"].splitlines()),
                )


def _seconds(text: str) -> float:
    """Read a number, or a call of `timedelta`."""
    value = ast.parse(text, mode="eval").body
    if not isinstance(value, ast.Call):
        return float(ast.literal_eval(value))
    given = {str(part.arg): ast.literal_eval(part.value) for part in value.keywords}
    return timedelta(**given).total_seconds()
