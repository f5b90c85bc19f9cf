"""From the network's coarse opacity to edges that follow the photo.

The fast guided filter: K. He, J. Sun, "Fast Guided Filter", 2015, https://arxiv.org/abs/1505.00996. Near an edge the
opacity becomes a linear function of one mix of the photo's colours; the function is found on a small copy, and applied
at full size. Two such functions are found, because no single scale is right everywhere:

- the sharp one on a copy finer than the network's answer, made steep. It finds edges that the network missed by a
  little, and clears away its haze, and with that whatever is thinner than the haze is wide;
- the true one on the network's own grid. Averaging over a cell leaves a mix of two colours a mix by the same shares, so
  where a garment and its ground have one colour each nearby, what holds for the cells holds for each pixel: a strap of
  two pixels comes back out of a cell of twenty. How well a line explains the cells says where to believe it.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.imaging.bounding_box import BoundingBox, enlarged_box
from worker.imaging.downscaling import shrink_to, shrunk_size
from worker.imaging.enlarging import Enlarged
from worker.imaging.patch import Patch
from worker.imaging.photo import Pixels, strips

Plane = NDArray[np.float32]

#: Pixels of the small copy's long side. Larger ones found no better edges in 40 labelled street photos.
_SMALL_LONG_SIDE = 416
#: Of the filter, as a share of the long side: the network's edges are off by about as much. Boundary F at 2 px on
#: those photos: 0.63 without the filter, 0.69 with 0.004, 0.735 with 0.007, 0.74 from 0.01 on.
_RADIUS_SHARE = 0.01
#: Variance of the guide (of 0..1) below which a patch counts as flat and the network's edge is kept.
_FLATNESS = 1e-3
#: How much steeper the network's edge is made before the filter, and what comes out of it after: the inside
#: becomes 255 and the outside exactly 0.
_STEEPER_BEFORE = 4
_STEEPER_AFTER = 3

#: Cells of the grid's long side, at most: the bundled network's own.
_GRID_LONG_SIDE = 108
#: Of the true function's filter, in cells; wider ones meet more than two colours.
_GRID_RADIUS = 1
#: A cell is the mean of hundreds of pixels, so that much less contrast than above is more than noise.
_GRID_FLATNESS = 1e-5
#: How much of the opacities' variance the line must explain to count for something, and to count alone.
_DOUBTED, _TRUSTED = 0.6, 0.9
#: Takes away the twentieths that an almost perfect fit leaves over.
_GRID_STEEPER = 1.3
#: The network's answer is no mean of a cell, but softer: standard deviation in cells.
_SOFTNESS = 0.7

#: Cells on each side of the edge whose colours decide the guide's mix.
_NEIGHBOURHOOD = 6
#: Added to the colours' variance (of 0..1), so that noise decides no mix.
_COLOUR_NOISE = 3e-3
_GREY = np.array([0.299, 0.587, 0.114], np.float32)


class _Lines(NamedTuple):
    """Opacity (0..1) as a function of the guide (0..1) at each place: slope * guide + level."""

    slope: Plane
    level: Plane


def refine(probability: Plane, seen: Pixels, overview: Pixels) -> Patch:
    """Bring an opacity to a photo's size, its edges moved to the photo's edges.

    Args:
        probability: (h, w), 0..1, covering all of the photo in fewer pixels.
        seen: (H, W, 3), the photo as an eye sees it.
        overview: A smaller copy of it, or itself.

    Returns:
        Of (H, W), 0..255.
    """
    small = shrunk_size(seen.shape, _SMALL_LONG_SIDE)
    columns, rows = shrunk_size(probability.shape, _GRID_LONG_SIDE)
    grid = (min(columns, small[0]), min(rows, small[1]))
    photo = shrink_to(overview, small)
    cells = shrink_to(photo, grid)
    coarse = np.asarray(cv2.resize(probability, grid, interpolation=cv2.INTER_AREA), np.float32)
    mix = _telling_mix(cells, coarse)
    sharp = _fit_sharp(_mixed(photo, mix), np.asarray(cv2.resize(probability, small), np.float32))
    return _applied(_blended(sharp, _fit_true(_mixed(cells, mix), coarse)), seen, mix)


def _telling_mix(cells: Pixels, opacity: Plane) -> Plane:
    """Find the mix of red, green and blue that best tells clothing from what is around it; (3,).

    Fisher's linear discriminant of the colours on both sides of the edge. Grey, if there is no edge or no difference.
    """
    side = 2 * _NEIGHBOURHOOD + 1
    square = np.ones((side, side), np.uint8)
    near = (cv2.dilate(opacity, square) > 0.5) & (cv2.erode(opacity, square) < 0.5)  # noqa: PLR2004
    colours = cells[near].astype(np.float32) / np.float32(255)
    inside = opacity[near]
    front, back = _mean_and_spread(colours, inside), _mean_and_spread(colours, 1 - inside)
    if front is None or back is None:
        return _GREY
    spread = front[1] + back[1] + _COLOUR_NOISE * np.eye(3, dtype=np.float32)
    mix = np.linalg.solve(spread, front[0] - back[0])
    size = np.abs(mix).sum()
    return np.asarray(mix / size, np.float32) if size > 1e-3 else _GREY  # noqa: PLR2004


def _mean_and_spread(colours: Plane, weight: Plane) -> tuple[Plane, Plane] | None:
    """Mean, (3,), and covariance, (3, 3), of weighted colours, (N, 3); None if they weigh less than one cell."""
    total = weight.sum()
    if total < 1:
        return None
    mean = weight @ colours / total
    away = colours - mean
    return mean, (away * weight[:, np.newaxis]).T @ away / total


def _mixed(rgb: Pixels, mix: Plane) -> Plane:
    """One plane of colours, 0..255 as they are: (H, W), -1..1."""
    return np.asarray(cv2.transform(rgb.astype(np.float32), mix[np.newaxis] / 255), np.float32)


def _fit_sharp(guide: Plane, opacity: Plane) -> _Lines:
    steep = np.clip((opacity - 0.5) * _STEEPER_BEFORE + 0.5, 0, 1)
    radius = max(1, round(_RADIUS_SHARE * max(guide.shape)))
    lines = _fit_lines(guide, steep, radius, _FLATNESS)[0]
    return _steepened(
        _Lines(_mean(lines.slope, radius), _mean(lines.level, radius)), _STEEPER_AFTER
    )


def _fit_true(guide: Plane, opacity: Plane) -> tuple[_Lines, Plane]:
    """Fit lines on the network's grid; also how far each is to be believed, 0..1."""
    # As soft as the network's answer: only then is the one a linear function of the other.
    soft = np.asarray(cv2.GaussianBlur(guide, (0, 0), _SOFTNESS), np.float32)
    lines, explained = _fit_lines(soft, opacity, _GRID_RADIUS, _GRID_FLATNESS)
    lines = _steepened(lines, _GRID_STEEPER)
    share = (explained - np.float32(_DOUBTED)) / np.float32(_TRUSTED - _DOUBTED)
    belief = np.asarray(np.clip(share, 0, 1), np.float32)
    total = _mean(belief, _GRID_RADIUS)
    # Averaged over the neighbourhoods that a cell is in, each by how far it is to be believed.
    norm = total + np.float32(1e-3)
    slope: Plane = np.divide(_mean(np.asarray(belief * lines.slope), _GRID_RADIUS), norm)
    level: Plane = np.divide(_mean(np.asarray(belief * lines.level), _GRID_RADIUS), norm)
    return _Lines(slope, level), total


def _blended(sharp: _Lines, true: tuple[_Lines, Plane]) -> _Lines:
    """Believe the true lines as far as they say, and the sharp ones for the rest; of the sharp ones' size."""
    height, width = sharp.slope.shape
    belief, slope, level = (
        cv2.resize(plane, (width, height)) for plane in (true[1], true[0].slope, true[0].level)
    )
    return _Lines(
        np.asarray(sharp.slope + belief * (slope - sharp.slope), np.float32),
        np.asarray(sharp.level + belief * (level - sharp.level), np.float32),
    )


def _steepened(lines: _Lines, factor: float) -> _Lines:
    # Here, where pixels are few; saturating them at full size then clips both ends.
    slope, half = lines.slope * np.float32(factor), np.float32(0.5)
    level = (lines.level - half) * np.float32(factor) + half
    return _Lines(np.asarray(slope, np.float32), np.asarray(level, np.float32))


def _fit_lines(guide: Plane, opacity: Plane, radius: int, flatness: float) -> tuple[_Lines, Plane]:
    """Opacity over the guide in each pixel's neighbourhood, and which share of its variance that explains."""
    mean_guide, mean_opacity = _mean(guide, radius), _mean(opacity, radius)
    covariance = _mean(guide * opacity, radius) - mean_guide * mean_opacity
    variance = _mean(guide * guide, radius) - mean_guide * mean_guide + np.float32(flatness)
    spread = _mean(opacity * opacity, radius) - mean_opacity * mean_opacity + np.float32(flatness)
    slope: Plane = np.divide(covariance, variance)
    lines = _Lines(slope, mean_opacity - slope * mean_guide)
    return lines, np.asarray(covariance * slope / spread, np.float32)


def _mean(plane: Plane, radius: int) -> Plane:
    return np.asarray(cv2.boxFilter(plane, -1, (2 * radius + 1, 2 * radius + 1)), np.float32)


def _applied(lines: _Lines, seen: Pixels, mix: Plane) -> Patch:
    """Work out slope * guide + level at full size, wherever that can be more than 0."""
    shape, box = (seen.shape[0], seen.shape[1]), _reach(lines, mix, seen.shape)
    of_box, columns = box.window
    slope = Enlarged(lines.slope, shape, columns)
    level = Enlarged(np.asarray(255 * lines.level), shape, columns)
    opacity = np.empty((box.height, box.width), np.uint8)
    for strip in strips(box.height):
        rows = slice(of_box.start + strip.start, of_box.start + strip.stop)
        guide = cv2.transform(seen[rows, columns].astype(np.float32), mix[np.newaxis])
        cv2.multiply(guide, slope[rows], dst=guide)
        cv2.add(guide, level[rows], dst=opacity[strip], dtype=cv2.CV_8U)
    return Patch(opacity, box, shape)


def _reach(lines: _Lines, mix: Plane, shape: tuple[int, ...]) -> BoundingBox:
    """Find the pixels at which the lines can come out above 0, for some colour: elsewhere all need not be looked at."""
    least, most = np.minimum(mix, 0).sum(), np.maximum(mix, 0).sum()
    highest = np.maximum(lines.slope * least, lines.slope * most) + lines.level
    return enlarged_box(highest > 0, shape)
