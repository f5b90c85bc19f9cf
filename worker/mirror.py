"""Two looks for one answer: at the photo, and at its mirror image."""

from __future__ import annotations

import numpy as np

from shared.manifest import Manifest
from worker.batching import Frame, Logits, Runnable


class Mirrored:
    """A network whose answer is the mean of what it says to a frame and to its mirror image.

    Its mistakes are not the same there, so the mean makes fewer; it takes twice the network's time.
    """

    def __init__(self, network: Runnable) -> None:
        """Ask this network twice."""
        self._network = network

    @property
    def manifest(self) -> Manifest:
        """Of the network."""
        return self._network.manifest

    def run(self, batch: Frame) -> Logits:
        """Run a batch, (N, 3, H, W) to (N, planes, h, w), in two runs; raises as the network does."""
        straight = self._network.run(batch)
        mirrored = self._network.run(np.ascontiguousarray(batch[..., ::-1]))
        mean: Logits = (straight + mirrored[..., ::-1]) / np.float32(2)
        return mean

    def segment(self, frame: Frame) -> Logits:
        """Run one frame, (3, H, W) to (planes, h, w), in this very thread; raises as the network does."""
        logits: Logits = self.run(frame[np.newaxis])[0]
        return logits
