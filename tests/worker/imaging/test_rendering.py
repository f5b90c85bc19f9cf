from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from shared.wire.contract import ReturnForm
from shared.wire.rendition import PLAIN
from tests import pictures
from worker.imaging.patch import Patch
from worker.imaging.rendering import Renderer

RGB = np.asarray(pictures.photo(150, 200))
ALPHA = np.asarray(
    pictures.astronaut().convert("L").resize((150, 200)).point(lambda v: max(0, v - 80))
)


def render(rgb: np.ndarray, alpha: np.ndarray, form: ReturnForm) -> bytes:
    renderer = Renderer(colours=Patch.of(rgb), rendition=PLAIN, placement=None)
    return renderer.write(renderer.draw(Patch.of(alpha), form))


def rendered(form: ReturnForm) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(render(RGB, ALPHA, form))))


def test_the_mask_is_the_opacity_in_one_channel() -> None:
    assert np.array_equal(rendered(ReturnForm.MASK), ALPHA)


def test_the_cut_out_has_colour_and_opacity() -> None:
    rgba = rendered(ReturnForm.CUTOUT)
    assert np.array_equal(rgba[..., 3], ALPHA)
    assert np.array_equal(rgba[ALPHA > 0][:, :3], RGB[ALPHA > 0])


def test_nothing_of_what_was_removed_is_given_away() -> None:
    assert (ALPHA == 0).any()
    assert not rendered(ReturnForm.CUTOUT)[ALPHA == 0].any()


def test_white_is_pure_and_what_is_opaque_unchanged() -> None:
    white = rendered(ReturnForm.WHITE)
    assert white.shape == RGB.shape
    assert (white[ALPHA == 0] == 255).all()
    blended = RGB * (ALPHA / 255)[..., None] + 255 - ALPHA[..., None]
    assert np.abs(white - blended).max() <= 1.01


@pytest.mark.parametrize("value", [0, 255])
def test_all_or_nothing_is_drawn_exactly(value: int) -> None:
    alpha = np.full(ALPHA.shape, value, np.uint8)
    white = np.asarray(Image.open(io.BytesIO(render(RGB, alpha, ReturnForm.WHITE))))
    assert np.array_equal(white, RGB if value else np.full_like(RGB, 255))
