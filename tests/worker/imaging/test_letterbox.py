from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.worker.networks import BUNDLED, changed
from worker.imaging.letterbox import fit

SIZES = [(800, 600), (600, 800), (825, 550), (512, 512), (2999, 2999), (2999, 51), (51, 2999)]
SIZES += [(137, 1021), (999, 998)]


@pytest.mark.parametrize("size", SIZES)
def test_the_content_fills_whole_logits_and_the_frame_whole_strides(size: tuple[int, int]) -> None:
    box = fit(*size, BUNDLED)
    assert max(box.content_height, box.content_width) == 432
    assert box.content_height % 4 == box.content_width % 4 == 0
    assert box.frame_height % 16 == box.frame_width % 16 == 0
    assert 0 <= box.frame_height - box.content_height < 16
    assert 0 <= box.frame_width - box.content_width < 16


@pytest.mark.parametrize("size", [size for size in SIZES if min(size) > 100])
def test_the_photo_is_not_visibly_squashed(size: tuple[int, int]) -> None:
    box = fit(*size, BUNDLED)
    stretched = (box.content_height / size[0]) / (box.content_width / size[1])
    assert 1 / 1.04 < stretched < 1.04


def test_a_fixed_square_network_gets_its_square() -> None:
    manifest = changed(BUNDLED, input=changed(BUNDLED.input, long_side=320, stride=320))
    box = fit(800, 300, manifest)
    assert (box.frame_height, box.frame_width) == (320, 320)
    assert (box.content_height, box.content_width) == (320, 120)


@pytest.mark.parametrize("size", [size for size in SIZES if min(size) > 100])
@pytest.mark.parametrize("share", [0.25, 0.4, 0.7])
@pytest.mark.parametrize("axis", [0, 1])
def test_an_edge_comes_back_within_half_a_pixel(
    size: tuple[int, int], share: float, axis: int
) -> None:
    box = fit(*size, BUNDLED)
    cells = (box.logits_height, box.logits_width)[axis]
    # What an ideal network says of an edge at `share`: how much of each cell lies before it.
    edge = np.clip(share * cells - np.arange(cells), 0, 1).astype(np.float32)
    shape = (-1, 1) if axis == 0 else (1, -1)
    plane = np.broadcast_to(edge.reshape(shape), (box.logits_height, box.logits_width))
    full = cv2.resize(np.ascontiguousarray(plane), (size[1], size[0]))
    line = full.mean(axis=1 - axis)
    # The area under a blurred edge is where the sharp one was.
    assert line.sum() == pytest.approx(share * size[axis], abs=0.5)


def test_a_tiny_photo_is_enlarged_only_so_far() -> None:
    tiny = fit(90, 60, BUNDLED)
    assert tiny.content_height == 316
    assert tiny.frame_height % BUNDLED.input.stride == 0


def test_a_network_of_one_size_gets_that_size_whatever_the_photo() -> None:
    square = changed(BUNDLED, input=changed(BUNDLED.input, long_side=320, stride=320))
    box = fit(60, 51, square)
    assert (box.frame_height, box.frame_width) == (320, 320)
    assert box.content_height == 320
