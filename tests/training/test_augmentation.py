"""Photos and their labels move together; what is pasted is labelled."""

from __future__ import annotations

import numpy as np
import pytest

from training.data.augmentation import (
    Motion,
    Sample,
    dye,
    fill,
    ground_of,
    paste,
    place,
    recolour,
    stand_before,
    top_of,
    turned,
)
from training.labels import ANY, bit

STILL = Motion(scale=(1.0, 1.0), degrees=0, shift=0, stretch=1.0)
GROUND, TOPS, HAT = bit("background"), bit("tops"), bit("hat")


def red_square(side: int = 40, inner: int = 20) -> Sample:
    """A red square, labelled as tops, in the middle of grey ground."""
    rgb = np.full((side, side, 3), 100, np.uint8)
    sets = np.full((side, side), GROUND, np.uint16)
    part = slice((side - inner) // 2, (side + inner) // 2)
    rgb[part, part] = (200, 0, 0)
    sets[part, part] = TOPS
    return Sample(rgb=rgb, sets=sets)


def plain_ground(side: int) -> Sample:
    return Sample(
        rgb=np.full((side, side, 3), 30, np.uint8), sets=np.full((side, side), GROUND, np.uint16)
    )


@pytest.mark.parametrize("seed", range(8))
def test_labels_move_with_the_photo(seed: int) -> None:
    motion = Motion(scale=(0.7, 1.5), degrees=40)

    moved = place(red_square(), 64, 48, motion, np.random.default_rng(seed))

    red = moved.rgb[:, :, 1] < 50
    known = moved.sets != ANY
    assert moved.rgb.shape == (64, 48, 3)
    assert np.mean(red[known] == (moved.sets[known] == TOPS)) > 0.97


@pytest.mark.parametrize("quarters", range(4))
def test_labels_turn_with_the_photo(quarters: int) -> None:
    corner = red_square()
    corner.rgb[:20, :20] = (200, 0, 0)
    corner.sets[:20, :20] = TOPS

    sample = turned(corner, quarters)

    assert ((sample.rgb[:, :, 0] == 200) == (sample.sets == TOPS)).all()
    assert sample.sets[[0, -1, -1, 0], [0, 0, -1, -1]].argmax() == quarters


def test_a_photo_that_stays_is_the_same_or_its_mirror() -> None:
    sample = red_square()
    sample.rgb[0, 0] = (0, 0, 255)

    moved = place(sample, 40, 40, STILL, np.random.default_rng(0))

    assert any(np.array_equal(moved.rgb, rgb) for rgb in (sample.rgb, sample.rgb[:, ::-1]))
    assert np.array_equal(moved.sets, sample.sets)


def test_what_the_photo_does_not_cover_says_nothing() -> None:
    small = Motion(scale=(0.5, 0.5), degrees=0, shift=0, stretch=1.0)

    moved = place(red_square(), 40, 40, small, np.random.default_rng(0))

    assert np.mean(moved.sets == ANY) == pytest.approx(0.75, abs=0.05)


def test_a_pasted_piece_brings_its_label_and_its_colours() -> None:
    ground = plain_ground(60)

    pasted = paste(ground, red_square(), TOPS, centre=(30, 20), width=10)

    rows, columns = np.nonzero(pasted.sets == TOPS)
    assert (rows.mean(), columns.mean()) == pytest.approx((29.5, 19.5), abs=1)
    assert len(rows) == pytest.approx(100, abs=25)
    assert pasted.rgb[30, 20].tolist() == [200, 0, 0]
    assert pasted.rgb[50, 50].tolist() == [30, 30, 30]
    assert ground.sets.max() == GROUND


def test_a_piece_too_small_to_be_seen_is_not_pasted() -> None:
    sample = red_square()

    assert paste(sample, red_square(), TOPS, centre=(5, 5), width=2) is sample
    assert paste(sample, red_square(), HAT, centre=(5, 5), width=20) is sample


def test_what_stands_before_other_ground_takes_none_of_its_own_along() -> None:
    both = stand_before(plain_ground(40), red_square(), GROUND)

    assert (both.sets[12:28, 12:28] == TOPS).all()
    assert (both.sets[:8] == GROUND).all()
    assert both.rgb[20, 20].tolist() == [200, 0, 0]
    assert both.rgb[2, 2].tolist() == [30, 30, 30]
    assert not (both.rgb == 100).all(axis=2).any()


def test_the_rim_of_what_stands_before_other_ground_is_left_open() -> None:
    both = stand_before(plain_ground(40), red_square(), GROUND)

    assert both.sets[20, 9:12].tolist() == [GROUND, GROUND | TOPS, TOPS]


def test_what_may_be_ground_or_says_nothing_stays_behind() -> None:
    person = red_square()
    person.sets[person.sets == TOPS] = GROUND | TOPS
    person.sets[:5] = ANY
    both = stand_before(plain_ground(40), person, GROUND)

    assert (both.rgb == 30).all()
    assert (both.sets == GROUND).all()


def test_the_top_of_a_person_is_found() -> None:
    head = top_of(red_square(80, 40), TOPS)

    assert head is not None
    assert list(head) == [20, 39.5, 40]
    assert top_of(red_square(), HAT) is None


def test_the_ground_beside_a_garment_has_nothing_of_it() -> None:
    strip = ground_of(red_square(), GROUND, np.random.default_rng(0))

    assert strip is not None
    assert (strip == 100).all()
    assert fill(strip, 50, 70).shape == (50, 70, 3)


def test_a_garment_that_fills_the_photo_has_no_ground() -> None:
    assert ground_of(red_square(40, 38), GROUND, np.random.default_rng(0)) is None


def test_recolouring_depends_on_the_generator_alone() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)

    first, again, other = (recolour(rgb, np.random.default_rng(seed)) for seed in (5, 5, 6))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_dyed_garment_gets_another_colour_and_nothing_else_does() -> None:
    sample = red_square()
    sample.rgb[0, 0] = (0, 0, 255)

    dyed = dye(sample, [TOPS, HAT], np.random.default_rng(1))

    assert np.abs(dyed.rgb[12:28, 12:28].astype(int) - (200, 0, 0)).max() > 20
    assert np.array_equal(dyed.rgb[:6], sample.rgb[:6])
    assert np.array_equal(dyed.sets, sample.sets)
    assert sample.rgb[20, 20].tolist() == [200, 0, 0]


def test_a_photo_without_garments_is_not_dyed() -> None:
    ground = plain_ground(20)

    assert dye(ground, [TOPS, HAT], np.random.default_rng(0)) is ground
