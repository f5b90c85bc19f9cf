"""Lists that go on where the page before ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, literal, tuple_


def behind(place: Sequence[ColumnElement[Any]], mark: Iterable[object]) -> ColumnElement[bool]:
    """Match what stands behind a mark in a list, newest first.

    Args:
        place: The columns by which the list is ordered.
        mark: A value for each of them.
    """
    values = [literal(it, column.type) for column, it in zip(place, mark, strict=True)]
    return tuple_(*place) < tuple_(*values)
