"""From colours and opacity to the picture a client asked for."""

from __future__ import annotations

import cv2
import numpy as np

from shared.contract import ReturnForm
from worker.imaging.photo import Pixels, blend_with_white, strips
from worker.imaging.png_encoding import encode_png


def render(rgb: Pixels, alpha: Pixels, form: ReturnForm) -> bytes:
    """Draw what `alpha` (H, W) leaves of `rgb` (H, W, 3), as a PNG of that size.

    The mask is single-channel, the cut-out four-channel with black under full transparency, so that nothing of what
    was removed is given away. White is white: 255 wherever alpha is 0.
    """
    if form is ReturnForm.MASK:
        return encode_png(alpha)
    if form is ReturnForm.WHITE:
        return encode_png(blend_with_white(rgb, alpha))
    return encode_png(_cut_out(rgb, alpha))


def _cut_out(rgb: Pixels, alpha: Pixels) -> Pixels:
    rgba = np.zeros((*alpha.shape, 4), np.uint8)
    for rows in strips(len(alpha)):
        if not alpha[rows].any():
            continue
        cv2.cvtColor(rgb[rows], cv2.COLOR_RGB2RGBA, dst=rgba[rows])
        cv2.insertChannel(alpha[rows], rgba[rows], 3)
        # One 32-bit word a pixel: a third of the time of working by channel.
        words = rgba[rows].view(np.uint32)[..., 0]
        np.multiply(words, alpha[rows] != 0, out=words)
    return rgba
