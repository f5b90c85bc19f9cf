"""Pixels of a part of a photo or picture, which is all there is of it: around it there is nothing.

Clothing fills a third of most photos. So opacities, colours and pictures are kept, worked on and written as patches.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from worker.imaging.bounding_box import BoundingBox, bounding_box
from worker.imaging.photo import Pixels


@dataclass(frozen=True, eq=False)
class Patch:
    """A box of pixels, and where it lies; never empty."""

    #: (box.height, box.width), or with channels behind.
    pixels: Pixels
    box: BoundingBox
    #: Of the whole: height, width.
    shape: tuple[int, int]

    @classmethod
    def of(cls, whole: Pixels) -> Patch:
        """Take all of it."""
        height, width = whole.shape[:2]
        return cls(whole, BoundingBox(0, 0, width, height), (height, width))

    @property
    def share(self) -> float:
        """Of the whole, what is opaque by half or more."""
        height, width = self.shape
        return float(np.count_nonzero(self.pixels >= 128) / (height * width))  # noqa: PLR2004

    def visible_box(self) -> BoundingBox | None:
        """Where in the whole an opacity shows something; None if it shows nothing."""
        box = bounding_box(self.pixels)
        return box and box.moved(self.box.left, self.box.top)

    def whole(self) -> Pixels:
        """All of it, (height, width, …), with zeros around."""
        height, width = self.shape
        return self.within(BoundingBox(0, 0, width, height))

    def within(self, box: BoundingBox) -> Pixels:
        """What lies in a box, with zeros where there is nothing; a view, if the patch has all of it."""
        own = self.box
        common = own.common_with(box)
        inside = self.pixels[common.moved(-own.left, -own.top).window]
        if common == box:
            return inside
        padded = np.zeros((box.height, box.width, *self.pixels.shape[2:]), np.uint8)
        padded[common.moved(-box.left, -box.top).window] = inside
        return padded

    def trimmed(self) -> Patch:
        """The same opacity without the zeros around it; one pixel is left of nothing."""
        left, top, width, height = cv2.boundingRect(self.pixels)
        at = BoundingBox(left, top, left + max(1, width), top + max(1, height))
        return Patch(self.pixels[at.window], at.moved(self.box.left, self.box.top), self.shape)

    def moved(self, left: int, top: int, shape: tuple[int, int]) -> Patch:
        """The same in a larger whole, of which this one was the part at a place."""
        return Patch(self.pixels, self.box.moved(left, top), shape)
