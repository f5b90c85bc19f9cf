"""A trained network as workers run it, by their own code: photo in, class of every pixel out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from shared.manifest import Manifest, load_manifest
from training.data.dataset import Pixels
from training.labels import ACCESSORY, CLASSES, ClassMap
from worker.imaging.frame import to_frame
from worker.imaging.photo import Photo
from worker.imaging.prepared_photo import PreparedPhoto
from worker.network.segmenter import Frame, Logits, Segmenter
from worker.network.session import Network, Provider
from worker.network.test_time_augmentation import AugmentedNetwork


@dataclass(frozen=True, eq=False)
class Predictor:
    """A network, and the sizes of its looks."""

    network: Segmenter

    @classmethod
    def load(cls, onnx_file: Path) -> Predictor:
        """Load a network that has its manifest beside it, on a GPU if there is one.

        Raises:
            Misconfigured: The manifest or the network cannot be used.
        """
        manifest = load_manifest(str(onnx_file.parent), onnx_file.parent)
        return cls(Network(manifest.model_copy(update={"file": onnx_file.name}), _provider()))

    @property
    def manifest(self) -> Manifest:
        """What the network expects and gives."""
        return self.network.manifest

    def at(self, long_side: int, near_long_side: int | None = None) -> Predictor:
        """Give the same network for other sizes of frame; the second one is that of a second look."""
        sizes = {"long_side": long_side, "near_long_side": near_long_side}
        spec = self.manifest.input.model_copy(update=sizes)
        return Predictor(_Sized(self.network, self.manifest.model_copy(update={"input": spec})))

    def looking_twice(self) -> Predictor:
        """Give a network whose answers are the mean of two looks, as with CUTWORK_SECOND_LOOK."""
        return Predictor(AugmentedNetwork(self.network))

    def predict(self, rgb: Pixels) -> ClassMap:
        """Give the class of every pixel of a photo (H, W, 3), (H, W): arg max of logits enlarged to its size.

        A label of the manifest that is no class here counts as an accessory: worn, but in no category.
        """
        height, width = rgb.shape[:2]
        best = np.full((height, width), -np.inf, np.float32)
        answer = np.zeros((height, width), np.uint8)
        labels = self.manifest.output.labels
        for plane, word in zip(self.logits_of(rgb), labels, strict=True):
            large = cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
            answer[large > best] = CLASSES.index(word) if word in CLASSES else ACCESSORY
            best = np.maximum(best, large)
        return answer

    def logits_of(self, rgb: Pixels) -> Logits:
        """Give the logits of a photo (H, W, 3): (planes, h, w), of the photo alone and not of the padding."""
        prepared = PreparedPhoto.of(Photo(np.ascontiguousarray(rgb)), self.manifest)
        logits = self.network.segment(self._frame(prepared))
        letterbox = prepared.letterbox
        return logits[:, : letterbox.logits_height, : letterbox.logits_width]

    def frame(self, rgb: Pixels) -> NDArray[np.float32]:
        """Give what the network is fed of a photo, in a batch of one: (1, 3, rows, columns)."""
        return self._frame(PreparedPhoto.of(Photo(rgb), self.manifest))[np.newaxis]

    def _frame(self, prepared: PreparedPhoto) -> Frame:
        return to_frame(prepared.overview, prepared.letterbox, self.manifest.input)


@dataclass(frozen=True, eq=False)
class _Sized:
    """A network for another size of frame than its manifest's."""

    network: Segmenter
    manifest: Manifest

    def segment(self, frame: Frame) -> Logits:
        return self.network.segment(frame)


def _provider() -> Provider:
    has_gpu = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    return "cuda" if has_gpu else "cpu"
