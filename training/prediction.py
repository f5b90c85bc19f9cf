"""A trained network as its users have it: an ONNX file, and the manifest beside it if there is one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from training.dataset import Pixels
from training.labels import ACCESSORY, CLASSES, ClassMap

#: The size at which the networks of this project are compared.
LONG_SIDE = 432
#: Of a second look at which they gain; nearer, categories lose more than edges win.
NEAR_LONG_SIDE = 640
STRIDE, OUTPUT_STRIDE = 16, 4
MANIFEST = "model.toml"


@dataclass(frozen=True, eq=False)
class Predictor:
    """Photo in, class of every pixel out."""

    session: onnxruntime.InferenceSession
    long_side: int
    #: Of the input's three channels in their order; x * scale + offset.
    scale: tuple[float, ...]
    offset: tuple[float, ...]
    is_bgr: bool
    stride: int
    output_stride: int
    #: Output plane → class of ours; words that are no class of ours are accessories: worn, but in no category.
    classes: tuple[int, ...]
    #: The long side at a second look; None: it is no nearer than the first.
    near_long_side: int | None = None
    looks_twice: bool = False

    @classmethod
    def load(cls, onnx_file: Path) -> Predictor:
        """Load a network, for `LONG_SIDE`; without a `model.toml` beside it, it must be laid out as ours.

        Raises:
            KeyError: The manifest lacks a key.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            str(onnx_file), options, providers=onnxruntime.get_available_providers()
        )
        manifest = onnx_file.with_name(MANIFEST)
        if not manifest.is_file():
            ones = (1.0, 1.0, 1.0)
            return cls(
                session, LONG_SIDE, tuple(x / 127.5 for x in ones), tuple(-x for x in ones), False,
                STRIDE, OUTPUT_STRIDE, tuple(range(len(CLASSES))),
            )  # fmt: skip
        table = tomllib.loads(manifest.read_text(encoding="utf-8"))
        given, output = table["input"], table["output"]
        return cls(
            session, LONG_SIDE, tuple(given["scale"]), tuple(given["offset"]),
            given["channels"] == "bgr", given["stride"], output["stride"],
            tuple(CLASSES.index(w) if w in CLASSES else ACCESSORY for w in output["labels"]),
            near_long_side=given.get("near_long_side"),
        )  # fmt: skip

    def at(self, long_side: int) -> Predictor:
        """Give the same network for another long side."""
        return replace(self, long_side=long_side)

    def looking_twice(self, near_long_side: int | None = None) -> Predictor:
        """Give a network whose answers are the mean of those to a photo and, from nearer, to its mirror image."""
        near = near_long_side or self.near_long_side
        return replace(self, near_long_side=near, looks_twice=True)

    def predict(self, rgb: Pixels) -> ClassMap:
        """Give the class of every pixel of a photo (H, W, 3), (H, W): arg max of logits enlarged to its size."""
        height, width = rgb.shape[:2]
        best = np.full((height, width), -np.inf, np.float32)
        answer = np.zeros((height, width), np.uint8)
        for plane, class_index in zip(self.logits_of(rgb), self.classes, strict=True):
            large = cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
            answer[large > best] = class_index
            best = np.maximum(best, large)
        return answer

    def logits_of(self, rgb: Pixels) -> NDArray[np.float32]:
        """Give the logits of a photo (H, W, 3): (planes, h, w), of the photo alone and not of the padding."""
        far = self._run(rgb)
        if not self.looks_twice:
            return far
        nearer = replace(self.at(self.near_long_side or self.long_side), looks_twice=False)
        near = nearer.logits_of(rgb[:, ::-1])[:, :, ::-1]
        size = (near.shape[2], near.shape[1])
        enlarged = np.stack([cv2.resize(plane, size) for plane in far])
        return np.asarray((enlarged + near) / np.float32(2), np.float32)

    def _run(self, rgb: Pixels) -> NDArray[np.float32]:
        name = self.session.get_inputs()[0].name
        (logits,) = self.session.run(None, {name: self.frame(rgb)})
        rows, columns = self._content_size(rgb)
        own = logits[0, :, : rows // self.output_stride, : columns // self.output_stride]
        return np.asarray(own, np.float32)

    def frame(self, rgb: Pixels) -> NDArray[np.float32]:
        """Give what the network is fed of a photo, (1, 3, rows, columns): scaled, padded, normalised."""
        rows, columns = self._content_size(rgb)
        how = cv2.INTER_AREA if self.long_side < max(rgb.shape[:2]) else cv2.INTER_LINEAR
        small = cv2.resize(np.ascontiguousarray(rgb), (columns, rows), interpolation=how)
        frame = cv2.copyMakeBorder(
            small, 0, -rows % self.stride, 0, -columns % self.stride, cv2.BORDER_REPLICATE
        )
        frame = frame[:, :, ::-1] if self.is_bgr else frame
        tensor = frame.astype(np.float32) * np.array(self.scale, np.float32)
        tensor += np.array(self.offset, np.float32)
        return np.ascontiguousarray(tensor.transpose(2, 0, 1)[None])

    def _content_size(self, rgb: Pixels) -> tuple[int, int]:
        """Rows and columns of the photo in the frame: whole output pixels."""
        height, width = rgb.shape[:2]
        scale = self.long_side / max(height, width)
        rows, columns = (
            max(1, round(side * scale / self.output_stride)) * self.output_stride
            for side in (height, width)
        )
        return rows, columns
