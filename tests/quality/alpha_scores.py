"""How far an opacity is from the one that is known: at the edges, along them, and in what is thin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from training.metrics import boundary_score

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

#: Of the band around all that is half covered, as a share of the long side: as far as the network's edges reach.
_BAND = 0.012
#: What an opening with a disc of this diameter takes away is thin.
_THIN = 9
#: Pixels; less is a corner of something wide.
_CORNER = 30
_INSIDE = 0.5
#: Of the derivative of a Gaussian with which gradients are taken, pixels.
_SIGMA = 1.4


def score(alpha: Plane, truth: Plane) -> dict[str, float]:
    """Compare two opacities (H, W), 0..1.

    Returns:
        `error`: mean absolute difference in the band around the edges, `sad`: its sum in thousands of pixels,
        `gradient`: sum of squared differences of the gradients in thousands, `edge`: boundary F at 2 px of what is
        more than half covered, `thin`: the share of what is thin that is more than half there, `haze`: mean opacity
        in the band where there is nothing.
    """
    band = _band(truth)
    difference = np.abs(alpha - truth)[band]
    slopes = (_steepness(alpha) - _steepness(truth))[band]
    empty, slim = band & (truth == 0), thin_parts(truth)
    return {
        "error": float(difference.mean()),
        "sad": float(difference.sum() / 1000),
        "gradient": float(np.square(slopes).sum() / 1000),
        "edge": boundary_score(alpha > _INSIDE, truth > _INSIDE),
        "thin": float((alpha[slim] > _INSIDE).mean()) if slim.any() else float("nan"),
        "haze": float(alpha[empty].mean()),
    }


def mean_of(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average each number over photos, those left out that have none."""
    means = {}
    for name in scores[0]:
        known = [row[name] for row in scores if not np.isnan(row[name])]
        means[name] = float(np.mean(known)) if known else float("nan")
    return means


def thin_parts(truth: Plane) -> Mask:
    """Find what is more than half covered and narrower than a disc of nine pixels."""
    inside = (truth > _INSIDE).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THIN, _THIN))
    lost = (inside > 0) & (cv2.morphologyEx(inside, cv2.MORPH_OPEN, disc) == 0)
    # An opening also rounds the corners of what is wide.
    count, labels, sizes, _ = cv2.connectedComponentsWithStats(lost.astype(np.uint8))
    kept = sizes[:, cv2.CC_STAT_AREA] >= _CORNER
    kept[0] = False
    return np.asarray(kept[labels]) if count > 1 else np.asarray(lost)


def _band(truth: Plane) -> Mask:
    covered, whole = (truth > 0).astype(np.uint8), (truth == 1).astype(np.uint8)
    side = 2 * round(_BAND * max(truth.shape)) + 1
    square = np.ones((side, side), np.uint8)
    return np.asarray(cv2.dilate(covered, square) > cv2.erode(whole, square))


def _steepness(alpha: Plane) -> Plane:
    soft = cv2.GaussianBlur(alpha, (0, 0), _SIGMA)
    across = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(cv2.magnitude(across, down), np.float32)
