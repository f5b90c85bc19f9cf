"""The soft shadow of a cut-out: what is shown, in black, a little lower and blurred.

All lengths go by the longer side of what is shown, so that pictures of every size look alike.
"""

from __future__ import annotations

import cv2
import numpy as np

from worker.imaging.bounding_box import BoundingBox
from worker.imaging.patch import Patch
from worker.imaging.photo import Pixels

#: Of black, where what is shown is opaque all around.
_OPACITY = 0.35
#: Of the longer side: how much lower it lies, and half of the side of the squares over which it is averaged.
_DOWN, _HALF = 0.02, 0.02
#: How often: three times come near to a Gaussian whose deviation is half of the square's side.
_TIMES = 3


def soft_shadow(alpha: Patch) -> Patch:
    """Draw the shadow's opacity. What ends where the picture ends is taken to go on behind its end."""
    shown = alpha.visible_box() or alpha.box
    longer = max(shown.width, shown.height)
    down, half = round(longer * _DOWN), round(longer * _HALF)
    reach = _TIMES * half
    box = alpha.box.moved(0, down).grown(reach).common_with(_whole(alpha))
    plane = _beyond(alpha, box.moved(0, -down).grown(reach))
    for _ in range(_TIMES):
        plane = np.asarray(cv2.blur(plane, (2 * half + 1, 2 * half + 1)), np.uint8)
    inside = plane[reach : reach + box.height, reach : reach + box.width]
    return Patch(
        np.asarray(cv2.convertScaleAbs(inside, alpha=_OPACITY), np.uint8), box, alpha.shape
    )


def _beyond(alpha: Patch, box: BoundingBox) -> Pixels:
    """What lies in a box that reaches beyond the picture, whose last rows and columns go on there."""
    inside = box.common_with(_whole(alpha))
    above, below = inside.top - box.top, box.bottom - inside.bottom
    before, behind = inside.left - box.left, box.right - inside.right
    drawn = alpha.within(inside)
    return np.asarray(
        cv2.copyMakeBorder(drawn, above, below, before, behind, cv2.BORDER_REPLICATE), np.uint8
    )


def _whole(patch: Patch) -> BoundingBox:
    height, width = patch.shape
    return BoundingBox(0, 0, width, height)
