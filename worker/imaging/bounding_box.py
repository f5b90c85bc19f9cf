"""Where in a photo something lies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from shared.report import Side
from worker.imaging.photo import Pixels

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


def bounding_box(alpha: Pixels) -> BoundingBox | None:
    """Find what an opacity (H, W) shows; None if it shows nothing."""
    visible = alpha >= _LEAST_OPACITY
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    if not len(rows):
        return None
    return BoundingBox(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


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
