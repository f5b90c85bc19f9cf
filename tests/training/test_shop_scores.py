"""The numbers of shop photos, on arrays small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.data.shop import GARMENT, GROUND, OTHER, UNKNOWN
from training.labels import CLASSES, bit
from training.scores.shop_scores import ShopScores

TOPS, COAT, BAG = (CLASSES.index(name) for name in ("tops", "coat", "bag"))


def scored(answer: list[int], mask: list[int], class_set: int = bit("tops")) -> dict[str, float]:
    scores = ShopScores()
    scores.add(np.array([answer], np.uint8), np.array([mask], np.uint8), class_set, "article")
    return scores.summary()


def test_a_garment_that_is_found_with_its_name_scores_one() -> None:
    numbers = scored([TOPS, TOPS, 0, 0], [GARMENT, GARMENT, OTHER, GROUND])

    assert numbers == {
        "overlap": 1, "named": 1, "found": 1, "invented": 0, "tops": 1,
    }  # fmt: skip


def test_a_garment_with_another_name_is_found_and_not_named() -> None:
    numbers = scored([COAT, TOPS], [GARMENT, GARMENT])

    assert numbers["found"] == 1
    assert numbers["named"] == numbers["overlap"] == 0.5


def test_a_jacket_in_patches_of_two_names_has_the_one_that_most_of_it_has() -> None:
    numbers = scored([COAT, COAT, TOPS], [GARMENT] * 3, bit("tops") | bit("coat"))

    assert numbers["named"] == pytest.approx(2 / 3)
    assert numbers["tops|coat"] == pytest.approx(2 / 3)


def test_what_is_beside_the_garment_counts_against_it_only_with_its_name() -> None:
    assert scored([TOPS, BAG], [GARMENT, OTHER])["overlap"] == 1
    assert scored([TOPS, TOPS], [GARMENT, OTHER])["overlap"] == 0.5


def test_what_is_not_known_is_not_counted() -> None:
    assert scored([TOPS, TOPS], [GARMENT, UNKNOWN])["overlap"] == 1


def test_clothing_on_the_ground_is_invented() -> None:
    assert scored([TOPS, BAG, 0], [GARMENT, GROUND, GROUND])["invented"] == 0.5


def test_a_summary_can_be_of_some_photos() -> None:
    scores = ShopScores()
    for article, answer in (("a", TOPS), ("b", COAT)):
        scores.add(np.array([[answer]], np.uint8), np.array([[GARMENT]], np.uint8), 2, article)

    assert scores.groups == ["a", "b"]
    assert scores.summary([0])["overlap"] == 1
    assert scores.summary([1, 1])["overlap"] == 0
    assert scores.summary()["overlap"] == 0.5
