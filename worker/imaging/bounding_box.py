"""Where in a photo something lies."""

from __future__ import annotations

from math import ceil, floor
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.wire.report import Side
from worker.imaging.photo import Pixels

Mask = NDArray[np.bool_]

#: An opacity below which a pixel is taken for the soft end of an edge.
_LEAST_OPACITY = 26
#: Of pixels: edges of a matte are that soft where the photo ends.
_NEAR = 2


class BoundingBox(NamedTuple):
    """A rectangle of pixels; what is right of and below it is outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def window(self) -> tuple[slice, slice]:
        """Its rows and columns, to index pixels with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def moved(self, right: int, down: int) -> BoundingBox:
        """The same, moved by some pixels."""
        return BoundingBox(
            self.left + right, self.top + down, self.right + right, self.bottom + down
        )

    def grown(self, pixels: int) -> BoundingBox:
        """The same, with so many pixels more on each side."""
        return BoundingBox(
            self.left - pixels, self.top - pixels, self.right + pixels, self.bottom + pixels
        )

    def around(self, other: BoundingBox) -> BoundingBox:
        """The smallest one that holds both."""
        return BoundingBox(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def common_with(self, other: BoundingBox) -> BoundingBox:
        """What lies in both; where that is nothing, it has no pixels."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return BoundingBox(left, top, max(left, right), max(top, bottom))


def bounding_box(alpha: Pixels) -> BoundingBox | None:
    """Find what an opacity (H, W) shows; None if it shows nothing."""
    return _box_of(alpha >= _LEAST_OPACITY)


def enlarged_box(cells: Mask, shape: tuple[int, ...]) -> BoundingBox:
    """Find which pixels of a photo are interpolated between these cells of a coarse grid (h, w) over it, at least one.

    Args:
        cells: Where there is something.
        shape: Of the photo: height, width.
    """
    box = _box_of(cells) or BoundingBox(0, 0, 1, 1)
    tall, wide = shape[0] / cells.shape[0], shape[1] / cells.shape[1]
    # Half a cell beyond the middle of the next one, and a pixel for rounding.
    return BoundingBox(
        max(0, floor((box.left - 0.5) * wide) - 1),
        max(0, floor((box.top - 0.5) * tall) - 1),
        min(shape[1], ceil((box.right + 0.5) * wide) + 1),
        min(shape[0], ceil((box.bottom + 0.5) * tall) + 1),
    )


def _box_of(mask: Mask) -> BoundingBox | None:
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return BoundingBox(left, top, left + width, top + height) if width else None


def cut_sides(box: BoundingBox, shape: tuple[int, ...]) -> frozenset[Side]:
    """Tell at which sides a photo (height, width, …) ends before what the box holds does."""
    height, width = shape[:2]
    touches = {
        Side.LEFT: box.left <= _NEAR,
        Side.TOP: box.top <= _NEAR,
        Side.RIGHT: box.right >= width - _NEAR,
        Side.BOTTOM: box.bottom >= height - _NEAR,
    }
    return frozenset(side for side, is_near in touches.items() if is_near)
