"""The numbers of the table, on arrays small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.labels import ACCESSORY, CLASSES, CLOTHING, NO_CLASS
from training.metrics import GarmentScores, Scores, boundary_score, largest_category, overlap

TOPS, COAT, HAT = (CLASSES.index(name) for name in ("tops", "coat", "hat"))


def square(top: int, left: int, side: int, value: int = 1, canvas: int = 40) -> np.ndarray:
    """Draw a square on background."""
    classes = np.zeros((canvas, canvas), np.uint8)
    classes[top : top + side, left : left + side] = value
    return classes


def test_overlap_is_counted_over_all_photos_together() -> None:
    scores = Scores()
    scores.add(square(0, 0, 10, TOPS), square(0, 0, 10, TOPS))
    scores.add(square(0, 0, 10, TOPS), square(20, 20, 10, TOPS))

    assert scores.overlap_of("tops") == pytest.approx(100 / 300)
    assert scores.summary()["clothing"] == pytest.approx(100 / 300)


def test_a_wrong_category_is_still_clothing() -> None:
    scores = Scores()

    scores.add(square(5, 5, 10, COAT), square(5, 5, 10, TOPS))

    assert scores.summary()["clothing"] == 1
    assert scores.summary()["tops"] == 0
    assert scores.summary()["coat"] == 0


def test_a_category_that_nobody_saw_is_left_out_of_the_mean() -> None:
    scores = Scores()

    scores.add(square(5, 5, 10, HAT), square(5, 5, 10, HAT))

    assert np.isnan(scores.overlap_of("bag"))
    assert scores.summary()["mean"] == 1


def test_ambiguous_clothing_counts_as_clothing_and_for_no_category() -> None:
    scores = Scores()

    scores.add(square(5, 5, 10, COAT), square(5, 5, 10, CLOTHING))

    assert scores.summary()["clothing"] == 1
    assert np.isnan(scores.overlap_of("coat"))


@pytest.mark.parametrize("truth", [ACCESSORY, NO_CLASS])
def test_accessories_and_unknown_pixels_are_left_out_of_the_clothing_score(truth: int) -> None:
    scores = Scores()
    labels = square(5, 5, 10, TOPS)
    labels[20:30, 20:30] = truth
    answer = np.where(labels == truth, COAT, labels).astype(np.uint8)

    scores.add(answer, labels)

    assert scores.summary()["clothing"] == 1


def test_an_edge_off_by_the_tolerance_is_right_and_by_more_is_wrong() -> None:
    truth = square(10, 10, 20) > 0

    assert boundary_score(np.roll(truth, 2, axis=0), truth) == 1
    assert boundary_score(np.roll(truth, 3, axis=0), truth) < 1


def test_two_empty_masks_have_the_same_edge() -> None:
    nothing = np.zeros((8, 8), np.bool_)

    assert boundary_score(nothing, nothing) == 1
    assert boundary_score(nothing, square(2, 2, 3, canvas=8) > 0) == 0
    assert overlap(nothing, nothing) == 1


def test_the_border_of_the_photo_is_no_edge() -> None:
    everything = np.ones((20, 20), np.bool_)

    assert boundary_score(everything, np.zeros_like(everything)) == 1


def test_the_largest_category_is_not_person_or_background() -> None:
    answer = np.full((10, 10), CLASSES.index("person"), np.uint8)
    answer[:2] = HAT

    assert largest_category(answer) == HAT
    assert largest_category(np.zeros((4, 4), np.uint8)) == 0


def test_a_garment_is_right_if_its_largest_part_is() -> None:
    scores = GarmentScores()
    answer = square(0, 0, 20, TOPS)
    answer[0:4, 0:4] = COAT
    scores.add(answer, TOPS, square(0, 0, 20) > 0)
    scores.add(square(0, 0, 20, COAT), TOPS, None)
    scores.add(np.zeros((8, 8), np.uint8), HAT, None)

    summary = scores.summary()

    assert summary["right"] == pytest.approx(1 / 3)
    assert summary["nothing"] == pytest.approx(1 / 3)
    assert summary["tops"] == 0.5
    assert summary["clothing"] == 1
    assert summary["known class"] == pytest.approx(384 / 400)
