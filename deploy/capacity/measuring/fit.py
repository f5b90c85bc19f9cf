"""Least squares, for a few unknowns: no NumPy, which a front end does not have."""

from __future__ import annotations

from collections.abc import Sequence


def fit(rows: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    """Find the weights with which each row's sum comes nearest to its value.

    Raises:
        ValueError: The rows do not tell the unknowns apart.
    """
    width = len(rows[0])
    system = [
        [
            *(sum(row[left] * row[right] for row in rows) for right in range(width)),
            sum(row[left] * value for row, value in zip(rows, values, strict=True)),
        ]
        for left in range(width)
    ]
    return _solve(system)


def _solve(system: list[list[float]]) -> list[float]:
    """Gauss' and Jordan's elimination, with the largest pivot first."""
    width = len(system)
    for column in range(width):
        pivot = max(range(column, width), key=lambda row: abs(system[row][column]))
        if abs(system[pivot][column]) < 1e-12:  # noqa: PLR2004 - nothing, as floats have it
            raise ValueError("sizes and numbers of pictures must differ for this")
        system[column], system[pivot] = system[pivot], system[column]
        system[column] = [number / system[column][column] for number in system[column]]
        for row in range(width):
            if row != column:
                factor = system[row][column]
                system[row] = [
                    mine - factor * its
                    for mine, its in zip(system[row], system[column], strict=True)
                ]
    return [row[-1] for row in system]
