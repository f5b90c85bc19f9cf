from __future__ import annotations

import io
import itertools
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from tests import pictures
from worker.imaging.bounding_box import BoundingBox
from worker.imaging.picture import Picture
from worker.imaging.png_encoding import encode_png

MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def read_back(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(), (3,), (4,)]).flatmap(
        lambda last: hnp.arrays(
            np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40).map(lambda s: s + last)
        )
    )
)
def test_any_pixels_come_back(pixels: np.ndarray) -> None:
    image = read_back(encode_png(Picture.of(pixels)))
    assert image.mode == MODES[1 if pixels.ndim == 2 else pixels.shape[2]]
    assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("size", [(51, 2999), (2999, 51), (333, 777)])
def test_a_photo_comes_back(size: tuple[int, int]) -> None:
    pixels = np.asarray(pictures.photo(*size))
    assert np.array_equal(np.asarray(read_back(encode_png(Picture.of(pixels)))), pixels)


@pytest.mark.parametrize("ground", [(7,), (244, 244, 245), (1, 2, 3, 4)])
@pytest.mark.parametrize("is_striped_down", [True, False])
@pytest.mark.parametrize("box", list(itertools.product((0, 3), (0, 5), (90, 96), (20, 27))))
def test_a_box_on_ground_comes_back_wherever_it_lies(
    ground: tuple[int, ...], is_striped_down: bool, box: tuple[int, int, int, int]
) -> None:
    """Stripes down are told by the row above, of which the first has none; those across by the pixel before."""
    top, left, bottom, right = box
    row = np.random.default_rng(1).integers(0, 256, (1, 100, len(ground)), np.uint8)
    down = np.repeat(row, 100, axis=0)
    stripes = down if is_striped_down else down.transpose(1, 0, 2)
    drawn = stripes[: bottom - top, : right - left]
    picture = Picture(
        shape=(96, 27),
        ground=ground,
        box=BoundingBox(left, top, right, bottom),
        draw=(drawn[..., 0] if len(ground) == 1 else drawn).__getitem__,
    )

    assert np.array_equal(np.asarray(read_back(encode_png(picture))), picture.whole())


def test_rows_that_are_not_contiguous_come_back() -> None:
    pixels = np.asarray(pictures.photo(100, 80))[::2, ::-1]
    assert np.array_equal(np.asarray(read_back(encode_png(Picture.of(pixels)))), pixels)


def test_there_are_no_other_chunks_than_a_picture_needs() -> None:
    data = encode_png(Picture.of(np.zeros((60, 60, 4), np.uint8)))
    names, position = [], 8
    while position < len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        names.append(name)
        position += length + 12
    assert names == [b"IHDR", b"IDAT", b"IEND"]


def test_the_filter_suits_the_picture() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1, 3000), np.uint8)
    stripes_down = np.repeat(noise, 500, axis=0)
    stripes_across = np.ascontiguousarray(stripes_down.T)
    for pixels in (stripes_down, stripes_across):
        assert len(encode_png(Picture.of(pixels))) < pixels.size / 40
