"""A picture that is about to be written: drawn some rows at a time, so that no copy of all of it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from worker.imaging.bounding_box import BoundingBox
from worker.imaging.patch import Patch
from worker.imaging.photo import Pixels, strips

_WHITE = 255


@dataclass(frozen=True, eq=False, kw_only=True)
class Picture:
    """A box that is drawn, on ground of one colour."""

    #: Height, width.
    shape: tuple[int, int]
    #: A value for each channel: one of grey, three of RGB, four of RGBA.
    ground: tuple[int, ...]
    box: BoundingBox
    #: Rows of the box → (n, box.width), or with channels behind.
    draw: Callable[[slice], Pixels]

    @classmethod
    def of(cls, pixels: Pixels) -> Picture:
        """Take pixels as they are."""
        patch = Patch.of(pixels)
        channels = 1 if pixels.ndim == 2 else pixels.shape[2]  # noqa: PLR2004
        return cls(
            shape=patch.shape,
            ground=(0,) * channels,
            box=patch.box,
            draw=lambda rows: patch.pixels[rows],
        )

    def whole(self) -> Pixels:
        """Draw all of it."""
        pixels = np.empty((*self.shape, len(self.ground)), np.uint8)
        pixels[:] = self.ground
        if len(self.ground) == 1:
            pixels = pixels[..., 0]
        drawn = pixels[self.box.window]
        for rows in strips(self.box.height):
            drawn[rows] = self.draw(rows)
        return pixels

    def share_of_white(self) -> float:
        """Which share of its pixels is pure white, of a picture in RGB."""
        white = (_WHITE,) * 3
        count = 0
        for rows in strips(self.box.height):
            count += cv2.countNonZero(cv2.inRange(self.draw(rows), white, white))
        height, width = self.shape
        around = height * width - self.box.width * self.box.height
        return (count + (around if self.ground == white else 0)) / (height * width)
