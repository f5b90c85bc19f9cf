"""From a photo to the numbers that the network expects."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.manifest import ChannelOrder, InputSpec
from worker.imaging.downscaling import shrink_to
from worker.imaging.letterbox import Letterbox
from worker.imaging.photo import Pixels


def to_frame(rgb: Pixels, letterbox: Letterbox, spec: InputSpec) -> NDArray[np.float32]:
    """Scale, pad and normalise a photo.

    The photo is (H, W, 3) as an eye sees it, transparency already on white; the frame is C-contiguous,
    (3, frame_height, frame_width). The padding repeats the last row and column, so that no edge is seen there.
    """
    height, width = letterbox.content_height, letterbox.content_width
    if height < rgb.shape[0]:
        content = shrink_to(rgb, (width, height))
    else:
        content = np.asarray(cv2.resize(rgb, (width, height)), np.uint8)
    padded = cv2.copyMakeBorder(
        content,
        0,
        letterbox.frame_height - height,
        0,
        letterbox.frame_width - width,
        cv2.BORDER_REPLICATE,
    )
    planes = padded.transpose(2, 0, 1)
    if spec.channels is ChannelOrder.BGR:
        planes = planes[::-1]
    frame = np.empty(planes.shape, np.float32)
    np.multiply(planes, _per_plane(spec.scale), out=frame)
    frame += _per_plane(spec.offset)
    return frame


def _per_plane(values: tuple[float, ...]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32).reshape(3, 1, 1)
