"""Where in the delivered picture the photo lies: as it is, cropped to its clothing, or on a canvas.

At sides where the photo cuts the clothing there is no margin: a sleeve that ends in the air looks wrong, and one that
ends where the picture ends does not. At two opposite sides of a canvas that holds only where they decide the scale.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import cv2
import numpy as np

from shared.wire.rendition import MAX_CANVAS, Cropped, Margin, OnCanvas
from shared.wire.report import Side
from worker.imaging.bounding_box import BoundingBox, cut_sides
from worker.imaging.patch import Patch
from worker.imaging.photo import Pixels, strips

#: Of the photo's pixels: soft ends of edges lie outside the box, and come along.
_APRON = 8


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A part of the photo, and where it lies in the picture; there is nothing around it."""

    #: Of the photo.
    part: BoundingBox
    #: Where that lies in the picture; it may reach beyond it.
    target: BoundingBox
    #: Of the picture.
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Pixels of the picture for one of the photo; above 1 it is enlarged."""
        return self.target.height / self.part.height

    def place(self, colours: Patch, alpha: Patch) -> tuple[Patch, Patch]:
        """Bring a photo's colours and their opacity to their place, the opacity as `place_alpha` does.

        Colours are weighed by their opacity while they are scaled, so that none of what was removed shines through.
        """
        rgb, own = colours.within(self.part), alpha.within(self.part)
        opacity = self._scaled(own)
        if self._is_scaled:
            rgb = self._scaled_colours(rgb, own, opacity)
        return self._laid(rgb), self._laid(opacity)

    def place_alpha(self, alpha: Patch) -> Patch:
        """Bring an opacity to its place in the picture."""
        return self._laid(self._scaled(alpha.within(self.part)))

    @property
    def _is_scaled(self) -> bool:
        return (self.part.width, self.part.height) != (self.target.width, self.target.height)

    def _scaled(self, plane: Pixels) -> Pixels:
        if not self._is_scaled:
            return plane
        # Neither overshoots: categories go on to make up the clothing, and colours stay between their neighbours.
        is_smaller = self.target.height < self.part.height
        how = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
        size = (self.target.width, self.target.height)
        return np.asarray(cv2.resize(plane, size, interpolation=how), np.uint8)

    def _scaled_colours(self, rgb: Pixels, alpha: Pixels, opacity: Pixels) -> Pixels:
        """Scale colours by their opacity; `opacity` is that at its new size."""
        weights = cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB)
        weighed = np.asarray(cv2.multiply(rgb, weights, scale=1 / 255), np.uint8)
        scaled = self._scaled(weighed)
        colours = np.empty(scaled.shape, np.uint8)
        for rows in strips(len(colours)):
            share = np.maximum(opacity[rows], 1)[..., None].astype(np.float32)
            colours[rows] = np.clip(scaled[rows] * (np.float32(255) / share), 0, 255)
        return colours

    def _laid(self, plane: Pixels) -> Patch:
        """Lay the scaled part onto an empty picture; what reaches beyond it is left out."""
        box = self.target.common_with(BoundingBox(0, 0, self.width, self.height))
        inside = box.moved(-self.target.left, -self.target.top)
        return Patch(plane[inside.window], box, (self.height, self.width))


def find_placement(
    layout: Cropped | OnCanvas, box: BoundingBox, shape: tuple[int, ...]
) -> Placement:
    """Find where what the box holds belongs.

    Args:
        layout: What the client wants.
        box: Of the clothing, in the photo.
        shape: Of the photo: height, width.
    """
    cut = cut_sides(box, shape)
    if isinstance(layout, Cropped):
        return _cropped(layout.margin, box, cut, shape)
    return _on_canvas(layout, box, cut, shape)


def _cropped(
    margin: Margin, box: BoundingBox, cut: AbstractSet[Side], shape: tuple[int, ...]
) -> Placement:
    longer = max(box.width, box.height)
    share = longer / 100 if margin.is_percent else 1
    # No picture is larger than a canvas may be.
    width = min(round(margin.amount * share), max(0, MAX_CANVAS - longer) // 2)
    left, top, right, bottom = (0 if side in cut else width for side in Side)
    wanted = BoundingBox(box.left - left, box.top - top, box.right + right, box.bottom + bottom)
    part = _within_photo(wanted, shape)
    target = BoundingBox(
        part.left - wanted.left,
        part.top - wanted.top,
        part.right - wanted.left,
        part.bottom - wanted.top,
    )
    return Placement(part=part, target=target, width=wanted.width, height=wanted.height)


def _on_canvas(
    canvas: OnCanvas, box: BoundingBox, cut: AbstractSet[Side], shape: tuple[int, ...]
) -> Placement:
    left, across = _room(canvas.width, canvas.fill, Side.LEFT in cut, Side.RIGHT in cut)
    top, down = _room(canvas.height, canvas.fill, Side.TOP in cut, Side.BOTTOM in cut)
    scale = min(across / box.width, down / box.height)
    x = _start(left, across, box.width * scale, Side.LEFT in cut, Side.RIGHT in cut)
    y = _start(top, down, box.height * scale, Side.TOP in cut, Side.BOTTOM in cut)
    right, bottom = canvas.width / scale - box.width, canvas.height / scale - box.height
    around = (x / scale, y / scale, right - x / scale, bottom - y / scale)
    part = _with_apron(box, around, shape)
    at_left = round(x - (box.left - part.left) * scale)
    at_top = round(y - (box.top - part.top) * scale)
    target = BoundingBox(
        at_left,
        at_top,
        at_left + max(1, round(part.width * scale)),
        at_top + max(1, round(part.height * scale)),
    )
    return Placement(part=part, target=target, width=canvas.width, height=canvas.height)


def _with_apron(box: BoundingBox, around: Sequence[float], shape: tuple[int, ...]) -> BoundingBox:
    """Take what is around the box along, as far as it lies on the canvas: what is scaled is no larger than that.

    Args:
        box: In the photo.
        around: What there is of the canvas left of, above, right of and below the box, in pixels of the photo.
        shape: Of the photo.
    """
    left, top, right, bottom = (min(_APRON, max(0, math.ceil(room))) for room in around)
    wanted = BoundingBox(box.left - left, box.top - top, box.right + right, box.bottom + bottom)
    return _within_photo(wanted, shape)


def _room(
    length: int, fill: float, is_cut_before: bool, is_cut_behind: bool
) -> tuple[float, float]:
    """Where the room for the clothing begins along one direction of the canvas, and how long it is."""
    margin = length * (1 - fill) / 2
    before = 0 if is_cut_before else margin
    behind = 0 if is_cut_behind else margin
    return before, length - before - behind


def _start(
    begin: float, room: float, length: float, is_cut_before: bool, is_cut_behind: bool
) -> float:
    """Where the clothing begins: at the side where it is cut, or so that it is in the middle of its room."""
    if is_cut_before == is_cut_behind:
        return begin + (room - length) / 2
    return begin if is_cut_before else begin + room - length


def _within_photo(box: BoundingBox, shape: tuple[int, ...]) -> BoundingBox:
    height, width = shape[:2]
    return BoundingBox(
        max(box.left, 0), max(box.top, 0), min(box.right, width), min(box.bottom, height)
    )
