from __future__ import annotations

import numpy as np
import pytest

from shared.wire.contract import Category
from tests.worker.networks import BUNDLED
from worker.imaging.mattes import Mattes, to_mattes
from worker.imaging.photo import Photo
from worker.imaging.prepared_photo import PreparedPhoto
from worker.imaging.segmentation import Segmentation, doubt_of, without_doubtful

SCENE = PreparedPhoto.of(Photo(np.full((640, 480, 3), 128, np.uint8)), BUNDLED)


def soft_box(probability: float, *, left: int = 20, right: int = 60) -> np.ndarray:
    plane = np.zeros((108, 81), np.float32)
    plane[28:82, left - 2 : right + 2] = 0.3
    plane[30:80, left:right] = probability
    return plane


def mattes(clothing: np.ndarray, *, categories: bool) -> Mattes:
    known = {Category.TOPS: clothing} if categories else {}
    return to_mattes(Segmentation(clothing, known), SCENE, ())


def test_clothing_of_which_the_network_is_never_certain_is_none() -> None:
    assert not mattes(soft_box(0.6), categories=True).clothing.pixels.any()
    assert mattes(soft_box(0.95), categories=True).shows_clothing


def test_a_doubtful_part_goes_and_a_certain_one_stays() -> None:
    both = np.maximum(soft_box(0.95, right=35), soft_box(0.6, left=50))
    left = without_doubtful(both, 0.7)
    assert (left[:, :40] == both[:, :40]).all()
    assert not left[30:80, 46:].any()


def test_what_may_or_may_not_be_clothing_is_doubt_and_edges_are_little_of_it() -> None:
    sure = np.zeros((108, 81), np.float32)
    sure[30:80, 20:60] = 0.95
    holed, hazed, soft = sure.copy(), sure.copy(), sure.copy()
    holed[40:60, 30:50], hazed[0:20] = 0.6, 0.4
    soft[29:81, 19:61] = np.where(sure[29:81, 19:61] > 0, 0.95, 0.4)

    assert doubt_of(sure) == 0
    assert 0 < doubt_of(soft) < 0.1
    assert doubt_of(holed) == pytest.approx(0.2)
    assert doubt_of(hazed) == pytest.approx(0.81)
    assert mattes(holed, categories=True).doubt == doubt_of(holed)
    assert mattes(holed, categories=False).doubt == 0


def test_a_certain_part_keeps_its_own_doubtful_pixels() -> None:
    plane = soft_box(0.95)
    plane[40:50, 25:30] = 0.55
    assert without_doubtful(plane, 0.7) is plane


def test_what_is_left_of_a_doubtful_category_goes_to_its_neighbours() -> None:
    tops, hat = soft_box(0.95, right=50), soft_box(0.6, left=62, right=75)
    # Some cells of the shirt look like the hat, too few to be shown by themselves.
    tops[40:42, 30:33], hat[40:42, 30:33] = 0.05, 0.9
    both = Segmentation(tops + hat, {Category.TOPS: tops, Category.HAT: hat})

    seen = to_mattes(both, SCENE, (Category.TOPS, Category.HAT))

    assert list(seen.categories) == [Category.TOPS]
    assert np.array_equal(seen.categories[Category.TOPS].whole(), seen.clothing.whole())


def test_a_veil_is_as_transparent_as_a_network_without_categories_says() -> None:
    assert mattes(soft_box(0.6), categories=False).shows_clothing
