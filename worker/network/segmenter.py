"""What the image path asks of a network, whatever stands between: batches, padding, a second look."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.manifest import Manifest

#: (3, H, W), or (N, 3, H, W) in a batch: normalised as the manifest says; H and W multiples of the input's stride.
Frame = NDArray[np.float32]
#: (planes, H / stride, W / stride), or (N, planes, …) of a batch.
Logits = NDArray[np.float32]


class Segmenter(Protocol):
    """Whatever runs a network on one frame."""

    @property
    def manifest(self) -> Manifest:
        """What the network expects and gives."""

    def segment(self, frame: Frame) -> Logits:
        """Run (3, H, W) to logits (planes, H / stride, W / stride); may raise `InferenceFailed`."""


class BatchSegmenter(Protocol):
    """Whatever runs a network on several frames at once."""

    @property
    def manifest(self) -> Manifest:
        """What the network expects and gives."""

    def run(self, batch: Frame) -> Logits:
        """Run (N, 3, H, W) to (N, planes, H / stride, W / stride); may raise `InferenceFailed`."""
