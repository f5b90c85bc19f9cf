"""Two looks for one answer: at the photo from afar, and at its mirror image from nearer."""

from __future__ import annotations

import cv2
import numpy as np

from shared.manifest import Manifest
from worker.batching import Frame, Logits, Runnable


class SecondLook:
    """A network whose answer is the mean of what it says to a frame made smaller, and to the frame's mirror image.

    From afar it knows best what a thing is, from near where it ends; and in a mirror its mistakes are not the same.
    How near the second look is, `near_long_side` of its manifest says; without it both are equally near.
    """

    def __init__(self, network: Runnable) -> None:
        """Ask this network twice."""
        self._network = network
        self._far = network.manifest.input
        near = self._far.near_long_side or self._far.long_side
        self.manifest: Manifest = network.manifest.model_copy(
            update={"input": self._far.model_copy(update={"long_side": near})}
        )

    def run(self, batch: Frame) -> Logits:
        """Run a batch, (N, 3, H, W) to (N, planes, h, w), in two runs; raises as the network does."""
        near = self._network.run(np.ascontiguousarray(batch[..., ::-1]))[..., ::-1]
        far = self._network.run(self._from_afar(batch))
        height, width = near.shape[2:]
        mean: Logits = (near + _scaled(far, height, width)) / np.float32(2)
        return mean

    def segment(self, frame: Frame) -> Logits:
        """Run one frame, (3, H, W) to (planes, h, w), in this very thread; raises as the network does."""
        logits: Logits = self.run(frame[np.newaxis])[0]
        return logits

    def _from_afar(self, batch: Frame) -> Frame:
        """Make frames smaller; their sides stay multiples of the network's stride, which bends them by a hundredth.

        Those of tiny photos are small already.
        """
        share = min(1.0, self._far.long_side / max(batch.shape[2:]))
        stride = self._far.stride
        height, width = (
            max(stride, round(side * share / stride) * stride) for side in batch.shape[2:]
        )
        return _scaled(batch, height, width)


def _scaled(planes: Frame, height: int, width: int) -> Frame:
    """Scale (N, C, h, w) to (N, C, height, width)."""
    if planes.shape[2:] == (height, width):
        return planes
    how = cv2.INTER_AREA if height < planes.shape[2] else cv2.INTER_LINEAR
    scaled = [
        cv2.resize(plane, (width, height), interpolation=how)
        for plane in planes.reshape(-1, *planes.shape[2:])
    ]
    return np.stack(scaled).reshape(*planes.shape[:2], height, width).astype(np.float32, copy=False)
