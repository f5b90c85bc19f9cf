"""How much of a score is chance: scores of photos drawn anew, with replacement, from those that were measured.

B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979. Photos of one article are drawn together, because a
network that fails at one of them fails at the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

ROUNDS = 1000
#: Of the draws, those that lie within an interval.
CONFIDENCE = 0.95

Interval = tuple[float, float]


class Scored(Protocol):
    """What was counted, photo by photo."""

    @property
    def groups(self) -> Sequence[str]:
        """Of each photo, the word for those that are drawn together with it."""

    def summary(self, indices: Sequence[int] | None = None) -> dict[str, float]:
        """Give the numbers of the photos with these indices; of all, if None."""


def intervals(scores: Scored, rounds: int = ROUNDS) -> dict[str, Interval]:
    """Give for each number of the summary the interval that it lies in."""
    return _spread([scores.summary(chosen) for chosen in _draws(scores.groups, rounds)])


def differences(before: Scored, after: Scored, rounds: int = ROUNDS) -> dict[str, Interval]:
    """Give for each number the interval of what it gained, both measured on the same photos.

    Raises:
        ValueError: They were measured on others.
    """
    if before.groups != after.groups:
        raise ValueError("Only numbers of the same photos can be compared")
    gains = []
    for chosen in _draws(before.groups, rounds):
        first, second = before.summary(chosen), after.summary(chosen)
        gains.append({name: second[name] - value for name, value in first.items()})
    return _spread(gains)


def _draws(groups: Sequence[str], rounds: int) -> list[list[int]]:
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    words = list(members)
    rng = np.random.default_rng(0)
    drawn = (rng.integers(len(words), size=len(words)) for _ in range(rounds))
    return [[index for word in chosen for index in members[words[word]]] for chosen in drawn]


def _spread(summaries: list[dict[str, float]]) -> dict[str, Interval]:
    outside = (1 - CONFIDENCE) / 2
    names = {name: None for summary in summaries for name in summary}
    return {
        name: _quantiles(np.array([s.get(name, np.nan) for s in summaries]), outside)
        for name in names
    }


def _quantiles(values: NDArray[np.float64], outside: float) -> Interval:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [outside, 1 - outside])
    return float(low), float(high)
