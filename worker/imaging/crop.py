"""Which part of a photo the network looks at: all of it first, and then only the clothing, if that is small."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from shared.manifest import Manifest, OutputKind
from worker.imaging.letterbox import Letterbox, scale_of

Mask = NDArray[np.bool_]

#: Around the clothing, as a share of the long side of its box: a head, a hand, and some ground to tell it from.
_MARGIN = 0.25
#: The same around clothing that goes on beyond a crop, nobody knows how far.
_WIDE_MARGIN = 0.75
#: How much larger the network must see what is there for a closer look to be worth its time.
_LEAST_ZOOM = 1.5


@dataclass(frozen=True, kw_only=True)
class Crop:
    """A rectangle of a photo, in its pixels."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Its rows and columns, to index pixels with."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


def closer_crop(inside: Mask, whole: Letterbox, manifest: Manifest) -> Crop | None:
    """Find where a closer look would see the clothing much larger.

    Args:
        inside: (h, w), where in the whole photo there is clothing.
        whole: How the photo lay in the frame at the first look.
        manifest: Of the network that looks.

    Returns:
        None if the whole is enough, or if there is nothing to look at. What stands out of a small part of a photo is
        not what stands out of the whole, so a network that knows no clothing never looks closer. Nor is there more to
        see of clothing that the photo cuts off on two opposite sides, if every pixel was seen: of 24 strips cut out of
        street photos a closer look at what was only enlarged lost three.
    """
    if manifest.output.kind is OutputKind.ALPHA or not inside.any():
        return None
    height, width = whole.photo_height, whole.photo_width
    if scale_of(height, width, manifest) >= 1 and _runs_through(inside):
        return None
    crop = _around(inside, Crop(top=0, left=0, bottom=height, right=width), whole, _MARGIN)
    near = scale_of(crop.bottom - crop.top, crop.right - crop.left, manifest)
    return crop if near >= _LEAST_ZOOM * scale_of(height, width, manifest) else None


def wider_crop(inside: Mask, crop: Crop, whole: Letterbox) -> Crop | None:
    """Find what a crop should have been if it cuts clothing off; None if it does not.

    Args:
        inside: (h, w), where in the crop there is clothing.
        crop: What was looked at.
        whole: How the photo lay in the frame at the first look.
    """
    cut_off = (
        (crop.top > 0 and inside[0].any())
        or (crop.left > 0 and inside[:, 0].any())
        or (crop.bottom < whole.photo_height and inside[-1].any())
        or (crop.right < whole.photo_width and inside[:, -1].any())
    )
    return _around(inside, crop, whole, _WIDE_MARGIN) if cut_off else None


def _runs_through(inside: Mask) -> bool:
    """Whether the clothing goes on beyond two opposite sides."""
    down = inside[0].any() and inside[-1].any()
    across = inside[:, 0].any() and inside[:, -1].any()
    return bool(down or across)


def _around(inside: Mask, crop: Crop, whole: Letterbox, share: float) -> Crop:
    """The box of the clothing inside a crop, with a margin of a share of its long side."""
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    tall = (crop.bottom - crop.top) / inside.shape[0]
    wide = (crop.right - crop.left) / inside.shape[1]
    top, bottom = crop.top + rows[0] * tall, crop.top + (rows[-1] + 1) * tall
    left, right = crop.left + columns[0] * wide, crop.left + (columns[-1] + 1) * wide
    margin = share * max(bottom - top, right - left)
    return Crop(
        top=max(0, floor(top - margin)),
        left=max(0, floor(left - margin)),
        bottom=min(whole.photo_height, ceil(bottom + margin)),
        right=min(whole.photo_width, ceil(right + margin)),
    )
