from __future__ import annotations

import numpy as np

from tests.quality.cases import (
    Person,
    ground_beside,
    middle_of,
    mirrored_to,
    scaled,
    side_by_side,
    widened,
    with_quarters,
)
from training.labels import CLASSES, NO_CLASS

TOPS = CLASSES.index("tops")


def person(height: int = 90, width: int = 60) -> Person:
    truth = np.zeros((height, width), np.uint8)
    truth[height // 3 : height // 2, width // 3 : width // 2] = TOPS
    rgb = np.full((height, width, 3), 200, np.uint8)
    rgb[truth == TOPS] = (20, 80, 20)
    return Person(rgb, truth)


def test_the_quarters_of_a_photo_come_after_it() -> None:
    rgb = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)

    whole, *quarters = with_quarters([rgb])

    assert (whole == rgb).all()
    assert [quarter.shape for quarter in quarters] == [(2, 3, 3)] * 4
    top, bottom = np.hstack(quarters[:2]), np.hstack(quarters[2:])
    assert (np.vstack([top, bottom]) == rgb).all()


def test_the_strip_beside_a_garment_fills_the_photo() -> None:
    rgb, mask = np.full((100, 80, 3), 180, np.uint8), np.zeros((50, 40), np.bool_)
    mask[10:45, 14:38] = True
    rgb[20:90, 28:76] = 0
    ground = ground_beside(rgb, mask)
    assert ground is not None
    assert ground.shape == rgb.shape
    assert (ground == 180).all()


def test_a_garment_that_fills_its_photo_leaves_no_ground() -> None:
    mask = np.zeros((50, 40), np.bool_)
    mask[3:47, 3:37] = True
    assert ground_beside(np.zeros((100, 80, 3), np.uint8), mask) is None


def test_mirroring_puts_like_beside_like() -> None:
    rgb = np.arange(4, dtype=np.uint8)[None, :, None].repeat(2, axis=0).repeat(3, axis=2)
    assert mirrored_to(rgb, (2, 7))[0, :, 0].tolist() == [0, 1, 2, 3, 3, 2, 1]


def test_people_beside_each_other_keep_their_labels() -> None:
    both = side_by_side([person(), person(180, 100)])
    assert both.rgb.shape[:2] == both.truth.shape == (90, 110)
    assert (both.truth[:, :60] == person().truth).all()
    assert (both.truth[:, 60:] == TOPS).any()
    assert both.borders == (60,)


def test_scaling_keeps_the_labels_classes() -> None:
    small = scaled(person(), 0.5)
    assert small.rgb.shape == (45, 30, 3)
    assert set(np.unique(small.truth)) == {0, TOPS}


def test_what_is_added_to_a_wide_photo_is_not_scored() -> None:
    wide = widened(person(), 6)
    assert wide.rgb.shape == (90, 540, 3)
    assert (wide.truth[:, :240] == NO_CLASS).all()
    assert (wide.truth[:, 240:300] == person().truth).all()


def test_the_middle_of_a_photo_is_a_share_of_it() -> None:
    middle = middle_of(person(), 0.5, 1)
    assert middle.rgb.shape == (45, 60, 3)
    assert (middle.truth == person().truth[22:67]).all()
