"""Drawn garments whose opacity is known exactly, laid onto real photographs.

Threads and straps are as thin as they are in photos of two and three thousand pixels: one to four pixels. Everything is
drawn at four times the size and averaged, so that a pixel half covered has an opacity of one half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Points = NDArray[np.float64]
Random = np.random.Generator

#: Of the drawing, in each direction; a power of two keeps the averages exact.
_FINENESS = 4
#: Photographs without clothes that scikit-image brings along.
GROUNDS = ("brick", "grass", "gravel", "coffee", "chelsea", "rocket", "page")
#: Standard deviation of what a camera adds to each pixel, of 255.
_NOISE = 2.0


@dataclass(frozen=True, eq=False)
class Drawing:
    """A garment in front of something."""

    #: (H, W, 3).
    rgb: Pixels
    #: (H, W), 0..1: how much of each pixel the garment covers.
    alpha: Plane


class Canvas:
    """Where a garment's outline is drawn. Places are shares of the width and of the height, lengths are pixels."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self._fine = np.zeros((height * _FINENESS, width * _FINENESS), np.uint8)

    def fill(self, outline: Points) -> None:
        """Cover the inside of an outline, (N, 2)."""
        cv2.fillPoly(self._fine, [self._at(outline)], 255)

    def stroke(self, course: Points, thickness: float) -> None:
        """Cover a thread along (N, 2)."""
        thick = max(1, round(thickness * _FINENESS))
        cv2.polylines(self._fine, [self._at(course)], isClosed=False, color=255, thickness=thick)

    def punch(self, centre: tuple[float, float], radius: float) -> None:
        """Make a round hole."""
        ((x, y),) = self._at(np.array([centre]))
        cv2.circle(self._fine, (int(x), int(y)), round(radius * _FINENESS), 0, cv2.FILLED)

    def covers(self, x: float, y: float) -> bool:
        """Tell whether a place is covered."""
        ((column, row),) = self._at(np.array([(x, y)]))
        return bool(self._fine[row, column])

    def alpha(self) -> Plane:
        """Average to the photo's size, (H, W), 0..1."""
        size = (self.width, self.height)
        mean = cv2.resize(self._fine.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return np.asarray(mean / np.float32(255), np.float32)

    def _at(self, places: Points) -> NDArray[np.int32]:
        scale = np.array([self.width, self.height]) * _FINENESS
        last = np.array(self._fine.shape[::-1]) - 1
        return np.asarray(np.clip(np.rint(places * scale), 0, last), np.int32)


def bend(start: Sequence[float], via: Sequence[float], end: Sequence[float]) -> Points:
    """Give a curve from `start` to `end`, (24, 2), drawn towards `via`."""
    share = np.linspace(0, 1, 24)[:, None]
    first, middle, last = (np.asarray(point, np.float64) for point in (start, via, end))
    return np.asarray((1 - share) ** 2 * first + 2 * share * (1 - share) * middle + share**2 * last)


def _body(top: float, bottom: float, *, chest: float, waist: float, hem: float) -> Points:
    """Give the outline of what a torso wears; `chest`, `waist` and `hem` are half widths."""
    middle = (top + bottom) / 2
    right = bend((0.5 + chest, top), (0.5 + waist, middle), (0.5 + hem, bottom))
    left = right[::-1] * (-1, 1) + (1, 0)
    return np.concatenate([right, left])


def straps(canvas: Canvas, random: Random) -> None:
    """Draw a camisole that hangs from straps of one to four pixels, two of them crossed."""
    canvas.fill(_body(0.36, 0.86, chest=0.2, waist=0.15, hem=0.24))
    for thickness, x in zip((1.0, 2.0, 3.0, 4.0), (0.33, 0.4, 0.6, 0.67), strict=True):
        sway = random.uniform(-0.03, 0.03)
        canvas.stroke(bend((x, 0.37), (x + sway, 0.24), (x + sway, 0.1)), thickness)
    for thickness, (low, high) in zip((1.5, 2.5), ((0.36, 0.64), (0.64, 0.36)), strict=True):
        canvas.stroke(bend((low, 0.37), (0.5, 0.25), (high, 0.1)), thickness)


def fringe(canvas: Canvas, random: Random) -> None:
    """Draw a shawl with threads of one to three pixels along its hem, and two tassels."""
    canvas.fill(_body(0.18, 0.62, chest=0.12, waist=0.2, hem=0.33))
    for x in np.arange(0.175, 0.826, 9 / canvas.width):
        start = x + random.normal(0, 1 / canvas.width)
        end = (start + random.normal(0, 0.012), 0.62 + random.uniform(0.08, 0.13))
        via = (start + random.normal(0, 0.01), 0.67)
        canvas.stroke(bend((start, 0.615), via, end), random.choice((1, 1.5, 2, 3)))
    for x in (0.1, 0.9):
        canvas.stroke(bend((0.5 + (x - 0.5) * 0.8, 0.6), (x, 0.58), (x, 0.68)), 2.5)
        for _ in range(14):
            end = (x + random.normal(0, 0.018), 0.68 + random.uniform(0.06, 0.09))
            canvas.stroke(bend((x, 0.68), (x, 0.71), end), random.choice((1, 1.5, 2)))


def lace(canvas: Canvas, random: Random) -> None:
    """Draw a dress with bands of holes of three to nine pixels, and a scalloped hem."""
    canvas.fill(_body(0.12, 0.84, chest=0.17, waist=0.12, hem=0.3))
    for x in np.arange(0.2, 0.81, 0.04):
        canvas.punch((x, 0.845), 0.017 * canvas.width)
    for top, bottom in ((0.16, 0.3), (0.66, 0.82)):
        step = 24.0
        for index, y in enumerate(np.arange(top, bottom, step / canvas.height)):
            for x in np.arange(
                0.2 + (index % 2) * step / 2 / canvas.width, 0.8, step / canvas.width
            ):
                if canvas.covers(x, y):
                    canvas.punch((x, y), random.choice((3, 5, 7, 9)))


def fur(canvas: Canvas, random: Random) -> None:
    """Draw a coat whose outline is hair, each half a pixel to one and a half wide."""
    outline = _body(0.14, 0.82, chest=0.2, waist=0.24, hem=0.28)
    canvas.fill(outline)
    closed = np.concatenate([outline, outline[:1]])
    steps = np.diff(closed, axis=0)
    lengths = np.hypot(*(steps * (canvas.width, canvas.height)).T)
    for index in random.choice(len(steps), 3500, p=lengths / lengths.sum()):
        root = closed[index] + random.uniform() * steps[index]
        away = root - (0.5, 0.48)
        reach = random.uniform(8, 36) / canvas.height
        end = root + away / np.hypot(*away) * reach + random.normal(0, 0.004, 2)
        canvas.stroke(bend(root, (root + end) / 2 + (0, 0.003), end), random.uniform(0.5, 1.5))


def hem(canvas: Canvas, random: Random) -> None:
    """Draw a T-shirt, all of whose edges are clean."""
    canvas.fill(_body(0.2, 0.8, chest=0.2, waist=0.19, hem=0.2 + random.uniform(0, 0.04)))
    for side in (-1, 1):
        arm = [(0.15, 0.2), (0.24, 0.22), (0.36, 0.42), (0.27, 0.47), (0.17, 0.33)]
        canvas.fill(np.array([(0.5 + side * x, y) for x, y in arm]))


KINDS: dict[str, Callable[[Canvas, Random], None]] = {
    "straps": straps,
    "fringe": fringe,
    "lace": lace,
    "fur": fur,
    "hem": hem,
}


def draw(kind: str, height: int, seed: int, *, plain: bool) -> Drawing:
    """Draw a garment of a kind, in cloth and before a ground that the seed decides: a wall, or a photograph."""
    random = np.random.default_rng([seed, list(KINDS).index(kind)])
    canvas = Canvas(height, height * 3 // 4)
    KINDS[kind](canvas, random)
    alpha = canvas.alpha()
    shape = (canvas.height, canvas.width)
    name = GROUNDS[random.integers(len(GROUNDS))]
    back = wall(shape, random) if plain else ground(name, shape)
    return Drawing(lay(cloth(shape, random), alpha, back, random), alpha)


def lay(front: Plane, alpha: Plane, back: Plane, random: Random) -> Pixels:
    """Mix (H, W, 3) and (H, W, 3) by (H, W), and add the camera's noise."""
    mixed = back + alpha[..., None] * (front - back)
    mixed += random.normal(0, _NOISE, mixed.shape).astype(np.float32)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def ground(name: str, shape: tuple[int, int]) -> Plane:
    """Give one of scikit-image's photographs at twice its size, mirrored on as far as needed, (H, W, 3)."""
    height, width = shape
    photo = photograph(name)
    large = cv2.resize(photo, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    below, beside = max(0, height - large.shape[0]), max(0, width - large.shape[1])
    while below or beside:
        more = min(below, large.shape[0] - 1), min(beside, large.shape[1] - 1)
        large = cv2.copyMakeBorder(large, 0, more[0], 0, more[1], cv2.BORDER_REFLECT_101)
        below, beside = below - more[0], beside - more[1]
    return large[:height, :width].astype(np.float32)


def wall(shape: tuple[int, int], random: Random) -> Plane:
    """Paint a wall of one colour, lit from one corner, (H, W, 3)."""
    height, width = shape
    light = np.linspace(1.05, 0.9, height)[:, None] * np.linspace(1.05, 0.9, width)
    return np.asarray(light[..., None] * random.uniform(60, 230, 3), np.float32)


def photograph(name: str) -> Pixels:
    """Read one of scikit-image's photographs, (H, W, 3)."""
    pixels = np.asarray(getattr(data, name)(), np.uint8)
    return np.dstack([pixels] * 3) if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., :3])


def cloth(shape: tuple[int, int], random: Random) -> Plane:
    """Weave (H, W, 3): a colour, threads, folds, and stripes on half of the pieces."""
    height, width = shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    shade = random.normal(0, 1, (7, 6)).astype(np.float32)
    folds = cv2.resize(shade, (width, height), interpolation=cv2.INTER_CUBIC)
    weave = np.sin(rows * 1.7) * np.sin(columns * 1.9)
    brightness = 1 + 0.08 * folds + 0.05 * weave
    if random.uniform() < 0.5:
        period = random.uniform(30, 90)
        brightness *= np.where((rows * 0.3 + columns) % period < period / 3, 0.8, 1)
    colour = random.uniform(30, 225, 3).astype(np.float32)
    return np.asarray(colour * brightness[..., None], np.float32)
