"""What the study found, as it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("study.json")

Study = Mapping[str, Any]


def read_study() -> Study:
    """Read it."""
    study: Study = json.loads(FILE.read_text(encoding="utf-8"))
    return study


def write_study(study: Study) -> None:
    """Write it, a row a line, so that two of them can be compared."""
    parts = (
        f"{json.dumps(name)}: {_as_lines(part) if isinstance(part, list) else json.dumps(part)}"
        for name, part in study.items()
    )
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _as_lines(rows: Sequence[object]) -> str:
    return "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]"
