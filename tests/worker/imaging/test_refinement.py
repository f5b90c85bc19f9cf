from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.imaging import refinement

SIZES = [(800, 600), (1500, 2000), (64, 90)]


def refine(coarse: np.ndarray, seen: np.ndarray, overview: np.ndarray) -> np.ndarray:
    return refinement.refine(coarse, seen, overview).whole()


def soft_box(rows: int, columns: int) -> np.ndarray:
    plane = np.zeros((rows, columns), np.float32)
    plane[rows // 4 : -(rows // 4), columns // 4 : -(columns // 4)] = 1
    return np.asarray(cv2.blur(plane, (3, 3)))


@pytest.mark.parametrize("size", SIZES)
def test_inside_is_255_and_outside_exactly_0(size: tuple[int, int]) -> None:
    seen = np.random.default_rng(1).integers(100, 140, (*size, 3), np.uint8)
    rows, columns = max(16, size[0] // 8), max(16, size[1] // 8)
    alpha = refine(soft_box(rows, columns), seen, seen)
    assert alpha.shape == size
    assert alpha[size[0] // 2, size[1] // 2] == 255
    assert alpha[1, 1] == alpha[-2, -2] == 0


def test_the_edge_moves_to_the_photos_edge() -> None:
    seen = np.full((800, 600, 3), 220, np.uint8)
    seen[:, 307:] = 40
    coarse = np.zeros((108, 81), np.float32)
    coarse[:, 41:] = 1  # at 303.7 pixels: three pixels beside the true edge
    alpha = refine(coarse, seen, seen)
    assert (alpha[:, 305] < 128).all()
    assert (alpha[:, 308] >= 128).all()


def test_without_an_edge_in_the_photo_the_networks_edge_stays() -> None:
    seen = np.full((800, 600, 3), 128, np.uint8)
    coarse = np.zeros((108, 81), np.float32)
    coarse[:54] = 1
    alpha = refine(coarse, seen, seen)
    assert (alpha[:398] >= 128).all()
    assert (alpha[402:] < 128).all()


def test_an_overview_gives_the_same_edges() -> None:
    seen = np.full((1600, 1200, 3), 220, np.uint8)
    seen[:, 620:] = 40
    coarse = np.zeros((108, 81), np.float32)
    coarse[:, 41:] = 1
    half = np.ascontiguousarray(seen[::2, ::2])
    difference = refine(coarse, seen, half).astype(int) - refine(coarse, seen, seen)
    assert np.abs(difference).mean() < 0.5


@pytest.mark.parametrize("size", [(2999, 51), (51, 2999)])
def test_extreme_shapes_are_refined_too(size: tuple[int, int]) -> None:
    seen = np.full((*size, 3), 128, np.uint8)
    alpha = refine(np.ones((max(2, size[0] // 28), max(2, size[1] // 28)), np.float32), seen, seen)
    assert (alpha == 255).all()


def test_colours_of_one_brightness_have_an_edge_too() -> None:
    seen = np.full((800, 600, 3), (200, 60, 60), np.uint8)
    seen[:, 307:] = (30, 132, 130)
    assert np.ptp(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)) <= 2
    coarse = np.zeros((108, 81), np.float32)
    coarse[:, 41:] = 1
    alpha = refine(coarse, seen, seen)
    assert (alpha[:, 305] < 128).all()
    assert (alpha[:, 308] >= 128).all()


def test_a_strap_much_thinner_than_a_cell_is_found_where_the_network_suspects_it() -> None:
    truth = np.zeros((1600, 1200), np.float32)
    truth[600:, 200:1000] = 1
    truth[:600, 598:601] = 1
    seen = np.full((1600, 1200, 3), (60, 90, 140), np.uint8)
    seen[truth > 0] = (220, 190, 60)
    cells = cv2.resize(truth, (81, 108), interpolation=cv2.INTER_AREA)
    coarse = np.asarray(cv2.GaussianBlur(cells, (0, 0), 0.7), np.float32)
    assert coarse[20].max() < 0.2
    alpha = refine(coarse, seen, seen)
    assert (alpha[40:560, 598:601] >= 128).all()
    assert (alpha[40:560, :596] == 0).all()
    assert (alpha[40:560, 603:] == 0).all()


def test_a_patterned_ground_does_not_come_along_with_the_haze() -> None:
    seen = np.random.default_rng(2).integers(0, 255, (400, 300, 3), np.uint8)
    seen = np.asarray(cv2.resize(seen, (1200, 1600), interpolation=cv2.INTER_NEAREST))
    haze = np.full((108, 81), 0.1, np.float32)
    haze[50:, 20:60] = 1
    assert (refine(haze, seen, seen)[:600] >= 128).mean() < 0.001
