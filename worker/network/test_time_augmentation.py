"""Two looks for one answer: at the photo from afar, and at its mirror image from nearer."""

from __future__ import annotations

import cv2
import numpy as np

from shared.manifest import Manifest
from worker.network.segmenter import Frame, Logits, Segmenter


class AugmentedNetwork:
    """A network whose answer is the mean of what it says to a frame made smaller, and to the frame's mirror image.

    The small frame tells best what a thing is, the large one where it ends; mirrored, the network makes other mistakes.
    How near the second look is, `near_long_side` of its manifest says; without it both are equally near.
    """

    def __init__(self, network: Segmenter) -> None:
        """Ask this network twice."""
        self._network = network
        self._far = network.manifest.input
        near = self._far.near_long_side or self._far.long_side
        self.manifest: Manifest = network.manifest.model_copy(
            update={"input": self._far.model_copy(update={"long_side": near})}
        )

    def segment(self, frame: Frame) -> Logits:
        """Run one frame, (3, H, W) to (planes, h, w), in two runs; raises as the network does."""
        mirrored = np.ascontiguousarray(frame[..., ::-1])
        near = self._network.segment(mirrored)[..., ::-1]
        far = self._network.segment(self._from_afar(frame))
        height, width = near.shape[1:]
        mean: Logits = (near + _scaled(far, height, width)) / np.float32(2)
        return mean

    def _from_afar(self, frame: Frame) -> Frame:
        """Make a frame smaller; its sides stay multiples of the network's stride, which bends it by a hundredth.

        That of a tiny photo is small already.
        """
        share = min(1.0, self._far.long_side / max(frame.shape[1:]))
        stride = self._far.stride
        height, width = (
            max(stride, round(side * share / stride) * stride) for side in frame.shape[1:]
        )
        return _scaled(frame, height, width)


def _scaled(planes: Frame, height: int, width: int) -> Frame:
    """Scale (C, h, w) to (C, height, width)."""
    if planes.shape[1:] == (height, width):
        return planes
    how = cv2.INTER_AREA if height < planes.shape[1] else cv2.INTER_LINEAR
    scaled = [cv2.resize(plane, (width, height), interpolation=how) for plane in planes]
    return np.stack(scaled).astype(np.float32, copy=False)
