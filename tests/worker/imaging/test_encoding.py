"""Every format can be read by others, and white is white in each."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shared.wire.presets import BUNDLED, load_presets
from shared.wire.rendition import Format, read_rendition
from tests import pictures
from worker.imaging.encoding import encode
from worker.imaging.photo import blend
from worker.imaging.picture import Picture

Pixels = NDArray[np.uint8]

SIZE = (960, 1280)
RGB = np.asarray(pictures.photo(SIZE[1], SIZE[0]))
ROWS, COLUMNS = np.mgrid[: SIZE[0], : SIZE[1]]
ALPHA = np.clip((380 - np.hypot(ROWS - 480, COLUMNS - 640)) * 100 + 128, 0, 255).astype(np.uint8)
RGBA = np.dstack([RGB, ALPHA]) * (ALPHA > 0)[..., None]


def read(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("picture_format", Format)
@pytest.mark.parametrize("name", ["mask", "white", "cutout"])
def test_a_picture_comes_back_as_it_was(picture_format: Format, name: str) -> None:
    pixels = {"mask": ALPHA, "white": blend(RGB, ALPHA), "cutout": RGBA}[name]
    if name == "cutout" and not picture_format.has_opacity:
        pytest.skip("a JPEG has no opacity")

    image = read(encode(Picture.of(pixels), picture_format, 90))

    assert image.format == picture_format.name
    mode = {"mask": "L", "white": "RGB", "cutout": "RGBA"}[name]
    found = np.asarray(image.convert(mode)).astype(int)
    assert found.shape == pixels.shape
    visible = found[ALPHA == 255] - pixels[ALPHA == 255].astype(int)
    assert np.abs(visible).mean() < 4
    if mode == "RGBA":
        assert np.abs(found[..., 3] - ALPHA.astype(int)).mean() < 1


@pytest.mark.parametrize("picture_format", [Format.PNG, Format.WEBP])
def test_a_mask_is_without_loss(picture_format: Format) -> None:
    image = read(encode(Picture.of(ALPHA), picture_format, 10))

    assert np.array_equal(np.asarray(image.convert("L")), ALPHA)


def test_lower_quality_makes_a_smaller_file() -> None:
    for picture_format in set(Format) - {Format.PNG}:
        small, large = (
            len(encode(Picture.of(RGB), picture_format, quality)) for quality in (30, 95)
        )
        assert small < large / 2


def test_white_is_255_in_a_jpeg_too() -> None:
    """Exactly so in each block of 8 × 8 pixels that holds nothing else, and nearly so around the edges."""
    pixels = blend(RGB, ALPHA)
    found = np.asarray(read(encode(Picture.of(pixels), Format.JPEG, 90))).min(axis=2)

    ground = ALPHA == 0
    blocks = ALPHA.reshape(SIZE[0] // 8, 8, SIZE[1] // 8, 8).max(axis=(1, 3))
    empty = cv2.resize(blocks, SIZE[::-1], interpolation=cv2.INTER_NEAREST) == 0
    assert (found[empty] == 255).all()
    assert (found[ground] >= 250).mean() >= 0.999
    assert (found[ground] == 255).mean() >= 0.99


@pytest.mark.parametrize("name", load_presets(BUNDLED))
def test_no_pixel_of_the_ground_that_a_preset_delivers_can_be_told_from_white(name: str) -> None:
    rendition = read_rendition(load_presets(BUNDLED)[name].words)
    pixels = blend(RGB, ALPHA)
    found = np.asarray(read(encode(Picture.of(pixels), rendition.format, rendition.quality)))

    ground = found.min(axis=2)[ALPHA == 0]
    assert (ground >= 253).mean() >= 0.999
    assert ground.min() >= 248
