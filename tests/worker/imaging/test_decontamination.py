from __future__ import annotations

import cv2
import numpy as np

from worker.imaging.decontamination import decontaminate
from worker.imaging.patch import Patch


def cleaned(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return decontaminate(rgb, rgb, Patch.of(alpha)).pixels


def test_soft_edges_take_the_clothings_colour() -> None:
    alpha = np.zeros((400, 300), np.uint8)
    alpha[100:300, 100:200] = 255
    alpha = np.asarray(cv2.blur(alpha, (5, 5)))
    opacity = alpha[..., None] / 255
    red, green = np.array([200, 20, 20]), np.array([20, 200, 20])
    mixed = np.rint(opacity * red + (1 - opacity) * green).astype(np.uint8)
    clean = cleaned(mixed, alpha)
    edge = (alpha > 40) & (alpha < 255)
    assert np.abs(clean[edge] - red).mean() < np.abs(mixed[edge] - red).mean() / 2


def test_only_soft_pixels_are_changed() -> None:
    rng = np.random.default_rng(1)
    rgb = rng.integers(0, 256, (300, 200, 3), np.uint8)
    alpha = rng.choice(np.array([0, 255, 255, 128], np.uint8), (300, 200))
    clean = cleaned(rgb, alpha)
    certain = (alpha == 0) | (alpha == 255)
    assert np.array_equal(clean[certain], rgb[certain])


def test_a_photo_without_soft_pixels_is_left_alone() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (60, 2999, 3), np.uint8)
    assert np.array_equal(cleaned(rgb, np.full((60, 2999), 255, np.uint8)), rgb)
