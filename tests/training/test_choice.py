"""Which photos stand for all."""

from __future__ import annotations

from training.data.choice import spread


def test_items_are_taken_at_equal_distances_from_the_first_to_the_last() -> None:
    assert spread(range(101), 5) == [0, 25, 50, 75, 100]


def test_all_are_taken_if_there_are_no_more() -> None:
    assert spread("abc", 7) == ["a", "b", "c"]


def test_one_is_the_first() -> None:
    assert spread(range(10), 1) == [0]
