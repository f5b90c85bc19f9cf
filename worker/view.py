"""Which part of a photo the network looks at: all of it first, and then only the clothing, if that is small."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.manifest import Manifest, OutputKind
from worker.letterbox import Letterbox, scale_of

#: More likely than not.
_INSIDE = 0.5
#: Around the clothing, as a share of the long side of its box: a head, a hand, and some ground to tell it from.
_MARGIN = 0.25
#: How much larger the network must see what is there for a second look to be worth its time.
_LEAST_ZOOM = 1.5


@dataclass(frozen=True, kw_only=True)
class View:
    """A rectangle of a photo, in its pixels."""

    top: int
    left: int
    height: int
    width: int

    @property
    def window(self) -> tuple[slice, slice]:
        """Its rows and columns, to index pixels with."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def closer_view(clothing: NDArray[np.float32], whole: Letterbox, manifest: Manifest) -> View | None:
    """Find where a second look would see the clothing much larger.

    Args:
        clothing: (h, w), 0..1, over the whole photo.
        whole: How the photo lay in the frame at the first look.
        manifest: Of the network that looks.

    Returns:
        None if one look is enough, or if there is nothing to look at. What stands out of a small part of a photo is
        not what stands out of the whole, so a network that knows no clothing never looks twice.
    """
    inside = clothing > _INSIDE
    if manifest.output.kind is OutputKind.ALPHA or not inside.any():
        return None
    height, width = whole.photo_height, whole.photo_width
    top, bottom = _extent(np.flatnonzero(inside.any(axis=1)), height / inside.shape[0])
    left, right = _extent(np.flatnonzero(inside.any(axis=0)), width / inside.shape[1])
    margin = _MARGIN * max(bottom - top, right - left)
    top, bottom = _widened(top, bottom, margin, height)
    left, right = _widened(left, right, margin, width)
    view = View(top=top, left=left, height=bottom - top, width=right - left)
    zoom = scale_of(view.height, view.width, manifest) / scale_of(height, width, manifest)
    return view if zoom >= _LEAST_ZOOM else None


def _extent(indices: NDArray[np.intp], scale: float) -> tuple[int, int]:
    """The first pixel and the one after the last of a row of cells, `scale` pixels each."""
    return int(indices[0] * scale), int(np.ceil((indices[-1] + 1) * scale))


def _widened(first: int, end: int, margin: float, length: int) -> tuple[int, int]:
    return max(0, int(first - margin)), min(length, int(np.ceil(end + margin)))
