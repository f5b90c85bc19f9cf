"""From logits to mattes at the photo's size: of all clothing, and of each category asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.wire.contract import Category
from worker.imaging.bounding_box import enlarged_box
from worker.imaging.crop import Crop
from worker.imaging.downscaling import shrunk_size
from worker.imaging.enlarging import Enlarged
from worker.imaging.patch import Patch
from worker.imaging.photo import Pixels, strips
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
    """What of the photo is clothing, 0..255, at the photo's size."""

    clothing: Patch
    #: The categories asked for of which the photo shows some, in the order asked for. Each is a share of
    #: `clothing`, and lies in its box: together the network's categories make it up.
    categories: Mapping[Category, Patch]
    #: How unsure the network was, as `doubt_of` says; 0 of one that tells opacities, where a veil has little.
    doubt: float = 0.0

    @property
    def shows_clothing(self) -> bool:
        """Whether there is any worth cutting out."""
        return self.clothing.share >= LEAST_SHOWN

    def placed(self, crop: Crop, shape: tuple[int, int]) -> Mattes:
        """The same in a photo (height, width) of which this was a part; there is nothing around it."""
        categories = {
            word: matte.moved(crop.left, crop.top, shape) for word, matte in self.categories.items()
        }
        clothing = self.clothing.moved(crop.left, crop.top, shape)
        return replace(self, clothing=clothing, categories=categories)

    def of_categories(self) -> Patch:
        """The categories together."""
        box = self.clothing.box
        together = np.zeros_like(self.clothing.pixels)
        for matte in self.categories.values():
            part = together[matte.box.moved(-box.left, -box.top).window]
            part[...] = cv2.add(part, matte.pixels)
        return replace(self.clothing, pixels=together).trimmed()


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
    own = prepared.photo.alpha
    if own is not None:
        product = cv2.multiply(clothing.pixels, own[clothing.box.window], scale=1 / 255)
        clothing = replace(clothing, pixels=np.asarray(product, np.uint8))
    clothing = clothing.trimmed()
    categories = {}
    if requested:
        shares = _shares(segmentation, shrunk_size(clothing.shape, _BORDERS_LONG_SIDE))
        for category in requested:
            if category in shares:
                matte = _share_of(clothing, shares[category])
                if matte is not None and matte.share >= LEAST_SHOWN:
                    categories[category] = matte
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


def _share_of(clothing: Patch, share: Pixels) -> Patch | None:
    """How much of the clothing a category has, by its share (h, w), 0..255, at each place of the photo."""
    box = clothing.box.common_with(enlarged_box(share > 0, clothing.shape))
    if not box.width or not box.height:
        return None
    whole, opacity = clothing.within(box), np.empty((box.height, box.width), np.uint8)
    enlarged = Enlarged(share, clothing.shape, slice(box.left, box.right))
    for rows in strips(box.height):
        shares = enlarged[box.top + rows.start : box.top + rows.stop]
        cv2.multiply(whole[rows], shares, dst=opacity[rows], scale=1 / 255)
    return Patch(opacity, box, clothing.shape).trimmed()
