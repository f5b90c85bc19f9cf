"""From logits to mattes at the photo's size: of all clothing, and of each category asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.contract import Category
from worker.imaging.crop import Crop
from worker.imaging.downscaling import shrunk_size
from worker.imaging.photo import Pixels
from worker.imaging.prepared_photo import PreparedPhoto
from worker.imaging.refinement import refine
from worker.imaging.segmentation import (
    LEAST_CERTAIN,
    Segmentation,
    doubt_of,
    without_doubtful,
)

Plane = NDArray[np.float32]

#: The smallest share of the photo at which something counts as shown. In 200 labelled street photos, presence of
#: the seven categories had its best F1, 0.94, at 0.002 to 0.003; hats and shoes cover 0.003 to 0.011 of such photos.
LEAST_SHOWN = 0.002
_OPAQUE_ENOUGH = 128
#: Where the borders between categories are drawn, in pixels of the photo's long side.
_BORDERS_LONG_SIDE = 416


@dataclass(frozen=True, eq=False)
class Mattes:
    """What of the photo is clothing, (H, W), 0..255, at the photo's size."""

    clothing: Pixels
    #: The categories asked for of which the photo shows some, in the order asked for. Each is a share of
    #: `clothing`: together the network's categories make it up.
    categories: Mapping[Category, Pixels]
    #: How unsure the network was, as `doubt_of` says; 0 of one that tells opacities, where a veil has little.
    doubt: float = 0.0

    @property
    def shows_clothing(self) -> bool:
        """Whether there is any worth cutting out."""
        return _is_shown(self.clothing)

    def placed(self, crop: Crop, shape: tuple[int, ...]) -> Mattes:
        """The same in a photo (height, width, …) of which this was a part; there is nothing around it."""

        def place(alpha: Pixels) -> Pixels:
            whole = np.zeros(shape[:2], np.uint8)
            whole[crop.window] = alpha
            return whole

        categories = {word: place(alpha) for word, alpha in self.categories.items()}
        return replace(self, clothing=place(self.clothing), categories=categories)

    def of_categories(self) -> Pixels:
        """The categories together."""
        together = np.zeros_like(self.clothing)
        for alpha in self.categories.values():
            cv2.add(together, alpha, dst=together)
        return together


def to_mattes(
    segmentation: Segmentation, prepared: PreparedPhoto, requested: Sequence[Category]
) -> Mattes:
    """Bring what the network saw to the photo's size, its edges onto the photo's edges.

    Args:
        segmentation: Of the whole of `prepared`, at any size.
        prepared: The photo, whose own transparency stays.
        requested: The categories wanted for themselves; none costs nothing.
    """
    doubt = 0.0
    # Without categories it is an opacity, of which a veil may have little.
    if segmentation.categories:
        doubt = doubt_of(segmentation.clothing)
        certain = without_doubtful(segmentation.clothing, LEAST_CERTAIN)
        segmentation = replace(segmentation, clothing=certain)
    clothing = refine(segmentation.clothing, prepared.seen, prepared.overview)
    if prepared.photo.alpha is not None:
        clothing = _product(clothing, prepared.photo.alpha)
    categories = {}
    if requested:
        shares = _shares(segmentation, shrunk_size(clothing.shape, _BORDERS_LONG_SIDE))
        for category in requested:
            if category in shares:
                alpha = _share_of(clothing, shares[category])
                if _is_shown(alpha):
                    categories[category] = alpha
    return Mattes(clothing, categories, doubt)


def _shares(segmentation: Segmentation, size: tuple[int, int]) -> dict[Category, Pixels]:
    """How much of the clothing at each place is of which category, (h, w), 0..255.

    Every place belongs to its likeliest category; only along a border between two it is shared.
    """
    inside = segmentation.inside
    planes = np.stack(list(segmentation.categories.values()))
    likeliest = planes.argmax(axis=0)
    # What is too small to be shown would be a hole in its neighbours, so they take its place.
    present = [i for i in range(len(planes)) if (inside & (likeliest == i)).mean() >= LEAST_SHOWN]
    words = list(segmentation.categories)
    weights = {words[i]: _sharpened(planes[i], size) for i in present}
    if not weights:
        return {}
    total = np.add.reduce(list(weights.values()))
    return {
        word: np.rint(255 * (weight / total)).astype(np.uint8) for word, weight in weights.items()
    }


def _sharpened(plane: Plane, size: tuple[int, int]) -> Plane:
    """Scaled up, to the eighth power: twice as likely becomes 256 times as much."""
    weight = np.asarray(cv2.resize(plane, size), np.float32) + np.float32(1e-4)
    for _ in range(3):
        weight *= weight
    return weight


def _share_of(clothing: Pixels, share: Pixels) -> Pixels:
    height, width = clothing.shape
    return _product(clothing, np.asarray(cv2.resize(share, (width, height)), np.uint8))


def _product(alpha: Pixels, other: Pixels) -> Pixels:
    return np.asarray(cv2.multiply(alpha, other, scale=1 / 255), np.uint8)


def _is_shown(alpha: Pixels) -> bool:
    return bool(np.count_nonzero(alpha >= _OPAQUE_ENOUGH) >= LEAST_SHOWN * alpha.size)
