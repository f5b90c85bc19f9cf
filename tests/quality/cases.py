"""Photos of kinds that the training data has few of, made from those that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.quality.drawings import photograph
from training.labels import NO_CLASS, ClassMap

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

#: Photographs without clothes that scikit-image brings along: animals, things, surfaces, print, sky.
UNCLOTHED = (
    "brick", "chelsea", "clock", "coffee", "coins", "colorwheel", "grass", "gravel", "hubble_deep_field",
    "immunohistochemistry", "moon", "page", "retina", "rocket", "text",
)  # fmt: skip
#: Of a strip of ground, as a share of the photo's side, at least.
_LEAST_STRIP = 0.12
#: Between a garment's mask and the strip, as a share of the photo's side: masks are not exact.
_MARGIN = 0.03


@dataclass(frozen=True, eq=False)
class Person:
    """A street photo and what is known of it."""

    rgb: Pixels
    truth: ClassMap
    #: Columns at which one person's part of the photo ends and the next one's begins.
    borders: tuple[int, ...] = ()


def unclothed() -> Iterator[Pixels]:
    """Give photographs without clothes, and the quarters of each."""
    return with_quarters(map(photograph, UNCLOTHED))


def with_quarters(photos: Iterable[Pixels]) -> Iterator[Pixels]:
    """Give each photo, then its quarters."""
    for whole in photos:
        yield whole
        height, width = (side // 2 for side in whole.shape[:2])
        for top in (0, height):
            for left in (0, width):
                yield np.ascontiguousarray(whole[top : top + height, left : left + width])


def ground_beside(rgb: Pixels, mask: Mask) -> Pixels | None:
    """Take the widest strip beside a garment, mirrored on to the photo's size; None if there is hardly any.

    The mask may be smaller than the photo.
    """
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    free = {
        "top": rows[0] / height,
        "bottom": 1 - (rows[-1] + 1) / height,
        "left": columns[0] / width,
        "right": 1 - (columns[-1] + 1) / width,
    }
    side = max(free, key=lambda name: float(free[name]))
    share = float(free[side]) - _MARGIN
    if share < _LEAST_STRIP:
        return None
    tall, wide = round(share * rgb.shape[0]), round(share * rgb.shape[1])
    strips = {
        "top": rgb[:tall],
        "bottom": rgb[-tall:],
        "left": rgb[:, :wide],
        "right": rgb[:, -wide:],
    }
    return mirrored_to(strips[side], rgb.shape[:2])


def mirrored_to(rgb: Pixels, size: tuple[int, ...]) -> Pixels:
    """Mirror a picture on, down and to the right, until it has (height, width)."""
    while rgb.shape[0] < size[0]:
        rgb = np.concatenate([rgb, rgb[::-1]])
    while rgb.shape[1] < size[1]:
        rgb = np.concatenate([rgb, rgb[:, ::-1]], axis=1)
    return np.ascontiguousarray(rgb[: size[0], : size[1]])


def side_by_side(people: Sequence[Person]) -> Person:
    """Put photos of people beside each other, each as high as the first; the widths stay in proportion."""
    same = [scaled(person, people[0].rgb.shape[0] / person.rgb.shape[0]) for person in people]
    height = min(person.rgb.shape[0] for person in same)
    ends = np.cumsum([person.rgb.shape[1] for person in same])
    return Person(
        np.concatenate([person.rgb[:height] for person in same], axis=1),
        np.concatenate([person.truth[:height] for person in same], axis=1),
        tuple(int(end) for end in ends[:-1]),
    )


def scaled(person: Person, factor: float) -> Person:
    """Scale a photo with its labels."""
    height, width = person.truth.shape
    size = max(1, round(width * factor)), max(1, round(height * factor))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return Person(
        np.asarray(cv2.resize(person.rgb, size, interpolation=how), np.uint8),
        np.asarray(cv2.resize(person.truth, size, interpolation=cv2.INTER_NEAREST), np.uint8),
    )


def widened(person: Person, aspect: float) -> Person:
    """Lay a photo into the middle of one that is `aspect` times as wide as high; what is added is its border."""
    height, width = person.truth.shape
    more = max(0, round(aspect * height) - width)
    left, right = more // 2, more - more // 2
    return Person(
        np.asarray(cv2.copyMakeBorder(person.rgb, 0, 0, left, right, cv2.BORDER_REPLICATE)),
        np.pad(person.truth, ((0, 0), (left, right)), constant_values=NO_CLASS),
    )


def middle_of(person: Person, height: float, width: float) -> Person:
    """Cut the middle out; the sides are shares of the photo's."""
    rows, columns = person.truth.shape
    tall, wide = round(height * rows), round(width * columns)
    top, left = (rows - tall) // 2, (columns - wide) // 2
    part = slice(top, top + tall), slice(left, left + wide)
    return Person(np.ascontiguousarray(person.rgb[part]), np.ascontiguousarray(person.truth[part]))
