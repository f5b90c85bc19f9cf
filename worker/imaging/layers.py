"""What lies over each other in a picture: colours, their opacity, and behind them perhaps a shadow."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from worker.imaging.bounding_box import BoundingBox
from worker.imaging.patch import Patch
from worker.imaging.photo import Pixels

_OPAQUE = 255


@dataclass(frozen=True, eq=False, kw_only=True)
class Layers:
    """Of one picture, each where it lies."""

    colours: Patch
    alpha: Patch
    #: The opacity of black; None: there is no shadow.
    shadow: Patch | None

    @property
    def box(self) -> BoundingBox:
        """Where something is shown."""
        if self.shadow is None:
            return self.alpha.box
        return self.alpha.box.around(self.shadow.box)

    def lay(self, rows: slice) -> tuple[Pixels, Pixels]:
        """Make colours (n, width, 3) and opacity (n, width) of rows of the box that look, on any ground, as all do."""
        box = self.box
        strip = BoundingBox(box.left, box.top + rows.start, box.right, box.top + rows.stop)
        rgb, alpha = self.colours.within(strip), self.alpha.within(strip)
        if self.shadow is None:
            return rgb, alpha
        return _before_black(rgb, alpha, self.shadow.within(strip))


def _before_black(rgb: Pixels, alpha: Pixels, shadow: Pixels) -> tuple[Pixels, Pixels]:
    through = cv2.multiply(cv2.bitwise_not(alpha), cv2.bitwise_not(shadow), scale=1 / _OPAQUE)
    opacity = np.asarray(cv2.bitwise_not(through), np.uint8)
    # Black adds nothing: what there is of colours is spread over all of the opacity.
    share = alpha / np.maximum(opacity, 1).astype(np.float32)
    return np.rint(rgb * share[..., None]).astype(np.uint8), opacity
