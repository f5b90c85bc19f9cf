"""Chooses a few photos that represent all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """Take `count` items at equal distances from the first to the last; all, if there are no more."""
    if count >= len(items):
        return list(items)
    last = len(items) - 1
    return [items[round(i * last / max(count - 1, 1))] for i in range(count)]
