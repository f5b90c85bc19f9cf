"""Small copies of large photos: for the network, and for steps that need only coarse colours."""

from __future__ import annotations

import cv2
import numpy as np

from worker.imaging.photo import Pixels


def overview_of(pixels: Pixels, long_side: int) -> Pixels:
    """A copy to make smaller copies from, its long side at least `long_side`: halved as often as that allows.

    The pixels themselves, if they are no larger than that.
    """
    while max(pixels.shape) >= 2 * long_side:
        pixels = _half(pixels)
    return pixels


def shrunk_size(shape: tuple[int, ...], long_side: int) -> tuple[int, int]:
    """(width, height) of a copy whose long side is at most `long_side`, of pixels of (height, width, …)."""
    height, width = shape[:2]
    scale = min(1.0, long_side / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shrink_to(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Scale down to (width, height), each pixel the mean of those it stands for.

    By halves first: exact halves are three times as fast as one step of odd size. Of the very size, the pixels
    themselves.
    """
    while pixels.shape[1] >= 2 * size[0] and pixels.shape[0] >= 2 * size[1]:
        pixels = _half(pixels)
    if pixels.shape[1::-1] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _half(pixels: Pixels) -> Pixels:
    size = max(1, pixels.shape[1] // 2), max(1, pixels.shape[0] // 2)
    # Half-way between two pixels, linear interpolation is their mean.
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)
