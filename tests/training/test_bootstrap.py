"""Which differences of scores are chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from training.scores.bootstrap import differences, intervals


@dataclass
class Means:
    values: list[float]
    groups: list[str]

    def summary(self, indices: Sequence[int] | None = None) -> dict[str, float]:
        chosen = self.values if indices is None else [self.values[index] for index in indices]
        return {"mean": float(np.mean(chosen))}


def means(values: list[float], groups: list[str] | None = None) -> Means:
    return Means(values, groups or [str(index) for index in range(len(values))])


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    values = np.random.default_rng(1).normal(0, 1, 400).tolist()

    low, high = intervals(means(values))["mean"]

    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.15)
    assert low < np.mean(values) < high


def test_photos_of_one_article_are_no_more_sure_than_one() -> None:
    values = np.repeat(np.random.default_rng(1).normal(0, 1, 50), 8).tolist()
    articles = [str(index // 8) for index in range(400)]

    apart, together = intervals(means(values))["mean"], intervals(means(values, articles))["mean"]

    assert together[1] - together[0] > 2 * (apart[1] - apart[0])


def test_a_small_gain_on_every_photo_is_no_chance() -> None:
    values = np.random.default_rng(1).normal(0, 1, 50).tolist()

    low, high = differences(means(values), means([value + 0.01 for value in values]))["mean"]

    assert low == pytest.approx(0.01)
    assert high == pytest.approx(0.01)


def test_numbers_of_other_photos_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same photos"):
        differences(means([1, 2]), means([1, 2, 3]))


def test_the_same_numbers_give_the_same_interval() -> None:
    assert intervals(means([1, 2, 3])) == intervals(means([1, 2, 3]))


class Rare:
    """A number that some draws do not have."""

    groups = ("a", "b")

    def summary(self, indices: Sequence[int] | None = None) -> dict[str, float]:
        return {"hat": 1.0} if 0 in (indices or [0]) else {"hat": float("nan")}


def test_draws_without_a_category_say_nothing_of_it() -> None:
    assert intervals(Rare())["hat"] == (1, 1)
