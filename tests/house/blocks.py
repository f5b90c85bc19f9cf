"""Blocks of code in a page: what is in them, and why no test runs one, if none does.

A page says so behind the language, which no reader sees: ```` ```sh skip: it needs a GPU ````.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)(?: skip: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block."""

    code: str
    #: Why it is not run; empty: it is.
    reason: str


def blocks_of(page: Path, language: str) -> list[Block]:
    """List the blocks of a language, in order."""
    found = _FENCE.findall(page.read_text())
    return [Block(code, reason) for name, reason, code in found if name == language]
