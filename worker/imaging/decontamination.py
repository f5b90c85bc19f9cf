"""The colour of the clothing alone where the photo mixes it with what lies behind: no halo at the edges.

One pass of blur fusion: M. Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021. The blurred colours of
inside and outside come from a small copy, and only the half-transparent pixels are changed.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.downscaling import shrink_to, shrunk_size
from worker.imaging.patch import Patch
from worker.imaging.photo import Pixels, strips

_SMALL_LONG_SIDE = 256
#: Of the blur, in pixels of the small copy: wide enough to reach clothing from anywhere in a soft edge.
_RADIUS = 3
#: A pixel with next to no clothing, or nothing else, around it keeps its colour there.
_LEAST_WEIGHT = np.float32(0.004)


def decontaminate(
    rgb: Pixels, overview: Pixels, clothing: Patch, own_alpha: Pixels | None = None
) -> Patch:
    """Estimate the clothing's colour under its soft edge.

    Args:
        rgb: (H, W, 3), a photo.
        overview: A smaller copy of it on white, or itself.
        clothing: How much of each pixel is clothing.
        own_alpha: (H, W), the opacity that the photo came with: half-transparent pixels of a cut-out photo have their
            own colour already.

    Returns:
        The colours in the clothing's box; those of `rgb` where its opacity is 0 or 255, or the photo's own is not 255.
    """
    height, width = clothing.shape
    small = shrunk_size((height, width), _SMALL_LONG_SIDE)
    inside, outside = (
        np.ascontiguousarray(colours.reshape(-1, 3).T)
        for colours in _blurred_colours(
            shrink_to(overview, small), shrink_to(clothing.whole(), small)
        )
    )
    box = clothing.box
    clean = rgb[box.window].copy()
    # Which cell of the small copy a pixel lies in.
    cell_down = np.arange(box.top, box.bottom) * small[1] // height * small[0]
    cell_across = np.arange(box.left, box.right) * small[0] // width
    # Edges can be everywhere, and each of their pixels takes some hundred bytes on the way.
    for rows in strips(box.height):
        alpha = clothing.pixels[rows]
        edge = (alpha > 0) & (alpha < 255)  # noqa: PLR2004
        if own_alpha is not None:
            edge &= own_alpha[box.window][rows] == 255  # noqa: PLR2004
        where = np.flatnonzero(edge)
        if not where.size:
            continue
        down = where // box.width
        cells = cell_down[rows].take(down) + cell_across.take(where - down * box.width)
        # A plane a colour, and `take`: NumPy is slow where its innermost loop is of three, and with lists of places.
        mixed = clean[rows].reshape(-1, 3).take(where, axis=0).T.astype(np.float32)
        opacity = alpha.reshape(-1).take(where) / np.float32(255)
        front, back = inside.take(cells, axis=1), outside.take(cells, axis=1)
        # What the two blurred colours do not explain of the pixel is the clothing's texture.
        front += opacity * (mixed - opacity * front - (1 - opacity) * back)
        colours = clean[rows].reshape(-1)
        for channel, plane in enumerate(np.clip(front + np.float32(0.5), 0, 255).astype(np.uint8)):
            colours[3 * where + channel] = plane
    return Patch(clean, box, clothing.shape)


def _blurred_colours(rgb: Pixels, alpha: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean colour of the clothing, and of the rest, around each pixel: (h, w, 3), 0..255 each."""
    weight = alpha.astype(np.float32) / np.float32(255)
    rest = np.float32(1) - weight
    # Squared: soft pixels hold both colours, and should say little about either.
    return _mean_colour(rgb, weight * weight), _mean_colour(rgb, rest * rest)


def _mean_colour(rgb: Pixels, weight: NDArray[np.float32]) -> NDArray[np.float32]:
    colours = rgb.astype(np.float32)
    side = (2 * _RADIUS + 1, 2 * _RADIUS + 1)
    total = cv2.boxFilter(weight, -1, side)
    blurred = cv2.boxFilter(colours * weight[..., np.newaxis], -1, side)
    mean = (blurred + _LEAST_WEIGHT * colours) / (total + _LEAST_WEIGHT)[..., np.newaxis]
    return np.asarray(mean, np.float32)
