"""The soft shadow, to the pixel (docs/reference/api.md, "Pictures as a shop wants them")."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.wire.contract import ReturnForm
from shared.wire.rendition import PLAIN, Rendition, read_rendition
from worker.imaging.bounding_box import BoundingBox
from worker.imaging.patch import Patch
from worker.imaging.rendering import Renderer
from worker.imaging.shadow import soft_shadow

Pixels = NDArray[np.uint8]

#: Height, width.
SHAPE = (400, 300)
#: Of 100 × 200 pixels: the shadow lies 4 lower, and is averaged over squares of 9.
FREE = BoundingBox(100, 50, 200, 250)
DOWN, REACH = 4, 12
GREY = np.full((*SHAPE, 3), 90, np.uint8)
SOFT = read_rendition({"shadow": "soft"})


def opacity(box: BoundingBox, value: int = 255) -> Patch:
    alpha = np.zeros(SHAPE, np.uint8)
    alpha[box.window] = value
    return Patch.of(alpha).trimmed()


def drawn(
    alpha: Patch, rendition: Rendition, form: ReturnForm = ReturnForm.CUTOUT, rgb: Pixels = GREY
) -> Pixels:
    renderer = Renderer(colours=Patch.of(rgb), rendition=rendition, placement=None)
    return np.asarray(Image.open(io.BytesIO(renderer.write(renderer.draw(alpha, form)))))


def test_the_shadow_is_a_third_of_the_opacity_lower_and_averaged_three_times() -> None:
    shadow = soft_shadow(opacity(FREE))

    expected = np.zeros(SHAPE)
    expected[FREE.moved(0, DOWN).window] = 255
    for _ in range(3):
        padded = np.pad(expected, 4, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, (9, 9))
        expected = windows.mean((2, 3))
    assert np.abs(shadow.whole() - 0.35 * expected).max() <= 1


def test_the_shadow_ends_where_its_squares_end() -> None:
    box = soft_shadow(opacity(FREE)).trimmed().box

    around = BoundingBox(FREE.left - REACH, FREE.top - REACH, FREE.right + REACH, 250 + REACH)
    assert box.common_with(around.moved(0, DOWN)) == box
    assert soft_shadow(opacity(FREE)).whole()[250 + DOWN, 150] > 35


def test_a_cut_out_keeps_its_colours_and_lies_on_a_black_shadow() -> None:
    rgba = drawn(opacity(FREE), SOFT)

    assert (rgba[FREE.window] == (90, 90, 90, 255)).all()
    below = rgba[250:, :]
    assert below[..., 3].any()
    assert not below[..., :3].any()
    # Far away there is nothing.
    assert not rgba[:20].any()


def test_on_a_colour_the_shadow_darkens_it() -> None:
    on_grey = drawn(opacity(FREE), read_rendition({"shadow": "soft", "background": "f0f0f0"}))

    shadow = soft_shadow(opacity(FREE)).whole()
    outside = opacity(FREE).whole() == 0
    expected = 240 * (1 - shadow[outside] / 255.0)
    assert np.abs(on_grey[outside] - expected[:, None]).max() <= 1
    assert (on_grey[FREE.window] == 90).all()
    assert (on_grey[:20] == 240).all()


def test_where_the_edge_is_soft_the_shadow_lies_behind_it() -> None:
    """Half of a grey of 90 before black at an opacity of s: over white, both ways of laying them are one picture."""
    rgba = drawn(opacity(FREE, 128), SOFT).astype(float)
    on_white = drawn(opacity(FREE, 128), read_rendition({"shadow": "soft", "background": "fff"}))

    share = rgba[..., 3:] / 255
    laid = rgba[..., :3] * share + 255 * (1 - share)
    assert np.abs(laid - on_white).max() <= 2
    shadow = soft_shadow(opacity(FREE, 128)).whole()[150, 150] / 255
    assert on_white[150, 150, 0] == pytest.approx(
        90 * 128 / 255 + 255 * (1 - 128 / 255) * (1 - shadow), abs=2
    )


@pytest.mark.parametrize("form", [ReturnForm.MASK, ReturnForm.WHITE])
def test_masks_and_the_picture_on_white_have_none(form: ReturnForm) -> None:
    assert np.array_equal(drawn(opacity(FREE), SOFT, form), drawn(opacity(FREE), PLAIN, form))


def test_what_the_picture_cuts_goes_on_beyond_it() -> None:
    """The shadow beside a shirt that is cut at its hem does not grow thin there."""
    shadow = soft_shadow(opacity(BoundingBox(100, 200, 200, 400))).whole()

    beside = shadow[:, 95]
    assert beside[399] == beside[320] > 0


@pytest.mark.parametrize("box", [BoundingBox(7, 9, 8, 10), BoundingBox(0, 0, 300, 400)])
def test_the_smallest_and_the_largest_have_one_within_the_picture(box: BoundingBox) -> None:
    rgba = drawn(opacity(box), SOFT)

    assert rgba.shape == (*SHAPE, 4)
    assert (rgba[box.window] == (90, 90, 90, 255)).all()


def test_a_picture_that_shows_nothing_has_none() -> None:
    assert not drawn(opacity(FREE, 0), SOFT).any()
