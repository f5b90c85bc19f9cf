from __future__ import annotations

import numpy as np
import pytest

from shared.manifest import ChannelOrder
from tests.worker.networks import BUNDLED, changed
from worker.imaging.frame import to_frame
from worker.imaging.letterbox import fit


@pytest.mark.parametrize("size", [(60, 90), (825, 550), (2000, 1500), (51, 2999)])
def test_the_frame_has_the_letterboxs_size_and_the_networks_range(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    box = fit(*size, BUNDLED)
    frame = to_frame(rgb, box, BUNDLED.input)
    assert frame.shape == (3, box.frame_height, box.frame_width)
    assert frame.dtype == np.float32
    assert frame.flags.c_contiguous
    assert frame.min() >= -1
    assert frame.max() <= 1


def test_colours_become_the_manifests_numbers() -> None:
    rgb = np.full((100, 60, 3), (0, 255, 51), np.uint8)
    frame = to_frame(rgb, fit(100, 60, BUNDLED), BUNDLED.input)
    for plane, value in zip(frame, (-1, 1, -0.6), strict=True):
        assert plane == pytest.approx(value, abs=1e-5)


def test_blue_comes_first_where_the_manifest_says_so() -> None:
    spec = changed(BUNDLED.input, channels=ChannelOrder.BGR, offset=(0.0, 10.0, 20.0))
    rgb = np.full((100, 60, 3), (255, 0, 0), np.uint8)
    frame = to_frame(rgb, fit(100, 60, BUNDLED), spec)
    assert frame[:, 0, 0] == pytest.approx([0, 10, 22], abs=1e-5)


@pytest.mark.parametrize("size", [(1001, 701), (2999, 2000), (300, 200)])
def test_shrinking_does_not_move_the_picture(size: tuple[int, int]) -> None:
    rgb = np.zeros((*size, 3), np.uint8)
    rgb[:, : size[1] // 2] = 255
    box = fit(*size, BUNDLED)
    lit = (to_frame(rgb, box, BUNDLED.input)[0, :, : box.content_width] + 1).mean() / 2
    assert lit == pytest.approx((size[1] // 2) / size[1], abs=0.5 / box.content_width)
