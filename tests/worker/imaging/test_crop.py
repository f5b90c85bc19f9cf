from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.manifest import OutputKind
from tests.worker.networks import BUNDLED, changed
from worker.imaging.crop import Crop, closer_crop, wider_crop
from worker.imaging.letterbox import fit

Mask = NDArray[np.bool_]
#: (height, width) of a photo and of what a network says of it.
WIDE, CELLS = (1000, 3000), (36, 108)


def clothing(top: float, left: float, bottom: float, right: float) -> Mask:
    """Clothing in a box, as shares of the photo."""
    inside = np.zeros(CELLS, np.bool_)
    rows = slice(round(top * CELLS[0]), round(bottom * CELLS[0]))
    inside[rows, round(left * CELLS[1]) : round(right * CELLS[1])] = True
    return inside


def test_small_clothing_is_worth_a_closer_look_with_some_of_what_is_around_it() -> None:
    crop = closer_crop(clothing(0.25, 0.5, 0.75, 0.6), fit(*WIDE, BUNDLED), BUNDLED)

    # 500 pixels high, 306 wide, and a quarter of 500 on each side.
    assert crop == Crop(top=125, left=1375, bottom=875, right=1931)


def test_the_view_ends_where_the_photo_ends() -> None:
    crop = closer_crop(clothing(0, 0, 0.5, 0.1), fit(*WIDE, BUNDLED), BUNDLED)

    assert crop is not None
    assert (crop.top, crop.left) == (0, 0)


def test_a_view_that_cuts_clothing_off_is_widened_around_what_it_shows() -> None:
    whole = fit(*WIDE, BUNDLED)
    crop = Crop(top=100, left=1000, bottom=460, right=2080)

    wider = wider_crop(clothing(0.5, 0.1, 1, 0.2), crop, whole)

    # 180 pixels high from 280 on, 110 wide from 1,110 on, and three quarters of 180 on each side.
    assert wider == Crop(top=145, left=975, bottom=595, right=1355)


def test_a_view_that_cuts_nothing_off_is_wide_enough() -> None:
    whole = fit(*WIDE, BUNDLED)
    crop = Crop(top=100, left=1000, bottom=460, right=2080)

    assert wider_crop(clothing(0.1, 0.1, 0.9, 0.9), crop, whole) is None
    assert wider_crop(clothing(0, 0, 0, 0), crop, whole) is None


def test_where_the_photo_itself_ends_nothing_is_cut_off_by_the_view() -> None:
    whole = fit(*WIDE, BUNDLED)

    assert (
        wider_crop(clothing(0, 0.1, 1, 0.9), Crop(top=0, left=9, bottom=1000, right=999), whole)
        is None
    )


@pytest.mark.parametrize(
    "inside", [clothing(0.1, 0.1, 0.9, 0.9), clothing(0.4, 0, 0.6, 1), clothing(0, 0, 0, 0)]
)
def test_clothing_that_fills_the_photo_or_is_not_there_is_looked_at_once(inside: Mask) -> None:
    assert closer_crop(inside, fit(*WIDE, BUNDLED), BUNDLED) is None


def test_a_tiny_photo_has_nothing_to_show_from_nearer() -> None:
    assert closer_crop(clothing(0.25, 0.4, 0.75, 0.6), fit(60, 120, BUNDLED), BUNDLED) is None


def test_what_runs_through_a_strip_is_seen_as_well_as_can_be_if_the_strip_was_not_shrunk() -> None:
    through = clothing(0, 0.4, 1, 0.6)

    assert closer_crop(through, fit(100, 400, BUNDLED), BUNDLED) is None
    assert closer_crop(through, fit(600, 2400, BUNDLED), BUNDLED) is not None


def test_what_stands_out_of_the_whole_photo_is_not_looked_for_in_a_part() -> None:
    saliency = changed(BUNDLED, output=changed(BUNDLED.output, kind=OutputKind.ALPHA))

    assert closer_crop(clothing(0.25, 0.5, 0.75, 0.6), fit(*WIDE, saliency), saliency) is None
