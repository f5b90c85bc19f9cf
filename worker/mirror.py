"""Two looks for one answer: at the photo, and at its mirror image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.manifest import Manifest
from worker.batching import Runnable

Batch = NDArray[np.float32]


class Mirrored:
    """A network whose answer is the mean of what it says to a frame and to its mirror image.

    Its mistakes are not the same there, so half of them go; it takes twice the network's time.
    """

    def __init__(self, network: Runnable) -> None:
        """Ask this network twice."""
        self._network = network

    @property
    def manifest(self) -> Manifest:
        """Of the network."""
        return self._network.manifest

    def run(self, batch: Batch) -> Batch:
        """Run a batch, (N, 3, H, W) to (N, planes, h, w), in two runs; raises as the network does."""
        straight = self._network.run(batch)
        mirrored = self._network.run(np.ascontiguousarray(batch[..., ::-1]))
        mean: Batch = (straight + mirrored[..., ::-1]) / np.float32(2)
        return mean

    def segment(self, frame: Batch) -> Batch:
        """Run one frame, (3, H, W) to (planes, h, w), in this very thread; raises as the network does."""
        logits: Batch = self.run(frame[np.newaxis])[0]
        return logits
