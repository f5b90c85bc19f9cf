"""Where the clothing lies in the picture, to the pixel (docs/reference/api.md, "Pictures as a shop wants them")."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.wire.rendition import Cropped, Margin, OnCanvas
from tests import pictures
from worker.imaging.bounding_box import BoundingBox, bounding_box
from worker.imaging.patch import Patch
from worker.imaging.placement import Placement, find_placement

Pixels = NDArray[np.uint8]

#: Height, width.
SHAPE = (400, 300)
RGB = np.asarray(pictures.photo(300, 400))
#: In the middle of the photo.
FREE = BoundingBox(100, 50, 200, 250)
#: Reaches its lower end.
CUT_BELOW = BoundingBox(100, 200, 200, 400)
#: Reaches both sides.
CUT_ACROSS = BoundingBox(0, 100, 300, 250)


def opacity(box: BoundingBox) -> Pixels:
    alpha = np.zeros(SHAPE, np.uint8)
    alpha[box.top : box.bottom, box.left : box.right] = 255
    return alpha


def placed(layout: Cropped | OnCanvas, box: BoundingBox) -> tuple[Placement, Pixels]:
    alpha = opacity(box)
    assert bounding_box(alpha) == box
    placement = find_placement(layout, box, SHAPE)
    return placement, placement.place_alpha(Patch.of(alpha)).whole()


def pasted(placement: Placement, rgb: Pixels) -> tuple[Pixels, Pixels]:
    colours, alpha = placement.place(Patch.of(rgb), Patch.of(opacity(FREE)))
    return colours.whole(), alpha.whole()


def test_a_crop_is_the_clothings_box() -> None:
    placement, alpha = placed(Cropped(), FREE)

    assert alpha.shape == (200, 100)
    assert (alpha == 255).all()
    colours, _ = pasted(placement, RGB)
    assert np.array_equal(colours, RGB[50:250, 100:200])


def test_a_margin_is_of_pixels_or_of_the_longer_side() -> None:
    for margin in (Margin(10), Margin(5, is_percent=True)):
        _, alpha = placed(Cropped(margin=margin), FREE)
        assert alpha.shape == (220, 120)
        assert bounding_box(alpha) == BoundingBox(10, 10, 110, 210)


def test_a_margin_beyond_the_photo_is_empty() -> None:
    placement, alpha = placed(Cropped(margin=Margin(80)), FREE)

    assert alpha.shape == (360, 260)
    assert bounding_box(alpha) == BoundingBox(80, 80, 180, 280)
    colours, _ = pasted(placement, RGB)
    assert not colours[:30].any()
    assert np.array_equal(colours[80:280, 80:180], RGB[50:250, 100:200])


def test_a_side_that_the_photo_cuts_gets_no_margin() -> None:
    _, alpha = placed(Cropped(margin=Margin(10)), CUT_BELOW)

    assert alpha.shape == (210, 120)
    assert bounding_box(alpha) == BoundingBox(10, 10, 110, 210)


def test_on_a_canvas_the_clothing_is_in_the_middle_and_fills_its_share() -> None:
    placement, alpha = placed(OnCanvas(width=600, height=500, fill=0.8), FREE)

    assert alpha.shape == (500, 600)
    assert placement.scale == pytest.approx(2, rel=0.01)
    box = bounding_box(alpha)
    assert box is not None
    assert box == pytest.approx((200, 50, 400, 450), abs=1)


def test_on_a_wide_canvas_the_height_decides_and_on_a_narrow_one_the_width() -> None:
    for width, height, expected in ((1000, 200, 0.5), (100, 1000, 0.5)):
        placement, _ = placed(OnCanvas(width=width, height=height, fill=0.5), FREE)
        assert placement.scale == pytest.approx(expected, rel=0.02)


def test_what_the_photo_cuts_stands_at_that_side_of_the_canvas() -> None:
    _, alpha = placed(OnCanvas(width=400, height=400, fill=0.8), CUT_BELOW)

    box = bounding_box(alpha)
    assert box is not None
    # 40 above, nothing below: 360 pixels for 200.
    assert box == pytest.approx((110, 40, 290, 400), abs=1)


def test_what_the_photo_cuts_on_both_sides_takes_the_whole_width() -> None:
    _, alpha = placed(OnCanvas(width=600, height=600, fill=0.8), CUT_ACROSS)

    box = bounding_box(alpha)
    assert box is not None
    assert box == pytest.approx((0, 150, 600, 450), abs=1)


@pytest.mark.parametrize("side", [50, 90, 333, 1000, 3000])
def test_a_picture_has_the_size_of_its_canvas(side: int) -> None:
    for box in (FREE, CUT_BELOW, CUT_ACROSS, BoundingBox(7, 9, 8, 10)):
        _, alpha = placed(OnCanvas(width=side, height=side // 2 + 25, fill=1), box)
        assert alpha.shape == (side // 2 + 25, side)
        assert alpha.any()


def test_what_is_scaled_is_hardly_larger_than_the_canvas() -> None:
    """Two pixels that fill a canvas of 3000 are enlarged a thousand times, and so would be all that is around them."""
    for box in (BoundingBox(50, 50, 52, 53), BoundingBox(0, 398, 1, 400), FREE):
        placement, _ = placed(OnCanvas(width=3000, height=3000, fill=1), box)
        slack = 2 * placement.scale + 2
        assert placement.target.width <= 3000 + slack
        assert placement.target.height <= 3000 + slack


def test_no_margin_makes_a_picture_larger_than_a_canvas_may_be() -> None:
    tall = BoundingBox(10, 5, 290, 2990)
    margin = Cropped(margin=Margin(50, is_percent=True))

    placement = find_placement(margin, tall, (2999, 300))

    assert placement.height <= 3000
    assert placement.width <= 3000


def test_what_is_cut_on_both_sides_is_in_the_middle_where_the_other_direction_decides() -> None:
    _, alpha = placed(OnCanvas(width=900, height=300, fill=0.8), CUT_ACROSS)

    box = bounding_box(alpha)
    assert box is not None
    assert box == pytest.approx((210, 30, 690, 270), abs=1)


def test_nothing_of_what_was_removed_shines_through_when_it_is_scaled() -> None:
    """Bright red behind a grey garment would be seen at its edges."""
    rgb = np.full((*SHAPE, 3), (255, 0, 0), np.uint8)
    rgb[50:250, 100:200] = 90
    for size in (150, 900):
        placement = find_placement(OnCanvas(width=size, height=size), FREE, SHAPE)
        colours, alpha = pasted(placement, rgb)
        seen = colours[alpha > 26].astype(int)
        assert np.abs(seen - 90).max() <= 6
        assert not colours[alpha == 0].any()
