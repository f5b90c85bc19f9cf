"""Stand-in networks: manifests, tiny ONNX files, and segmenters that see what a test wants seen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from shared.manifest import Manifest, Table, load_manifest
from shared.settings.settings import Settings

Plane = NDArray[np.float32]
Spec = TypeVar("Spec", bound=Table)

BUNDLED = load_manifest(Settings().model, Settings().models_dir)
LABELS = BUNDLED.output.labels


def changed(table: Spec, **changes: object) -> Spec:
    """Copy a manifest, or a part of one, with some of its keys changed."""
    return table.model_copy(update=changes)


class Seeing:
    """A segmenter that labels each place by a function of its frame, (3, H, W) → (h, w) indices."""

    def __init__(self, labels_of: Callable[[Plane], NDArray[np.int64]]) -> None:
        self.manifest = BUNDLED
        self._labels_of = labels_of

    def segment(self, frame: Plane) -> Plane:
        labels = self._labels_of(frame)
        one_hot = np.arange(len(LABELS))[:, None, None] == labels
        return np.where(one_hot, np.float32(4), np.float32(-4))


def seeing(*boxes: tuple[str, float, float, float, float]) -> Seeing:
    """See labels in boxes (label, left, top, right, bottom), as shares of the frame."""

    def labels_of(frame: Plane) -> NDArray[np.int64]:
        height, width = frame.shape[1] // 4, frame.shape[2] // 4
        labels = np.zeros((height, width), np.int64)
        for word, left, top, right, bottom in boxes:
            rows = slice(round(top * height), round(bottom * height))
            labels[rows, round(left * width) : round(right * width)] = LABELS.index(word)
        return labels

    return Seeing(labels_of)


def orange(frame: Plane) -> NDArray[np.int64]:
    """Take for tops what is orange, as the astronaut's suit: much red, little blue."""
    return np.where((frame[0] - frame[2])[2::4, 2::4] > 0.5, 1, 0)


def write_network(
    folder: Path, *, factor: float = 1.0, planes: int = 3, pool: int = 4, tensor: str = "image"
) -> Manifest:
    """Write an ONNX file that averages blocks of `pool` pixels and multiplies by `factor`."""
    shape: list[str | int | None] = ["batch", planes, "height", "width"]
    graph = helper.make_graph(
        [
            helper.make_node(
                "AveragePool", [tensor], ["small"], kernel_shape=[pool, pool], strides=[pool, pool]
            ),
            helper.make_node("Mul", ["small", "factor"], ["logits"]),
        ],
        "averages",
        [helper.make_tensor_value_info(tensor, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", planes, "h", "w"])],
        [helper.make_tensor("factor", TensorProto.FLOAT, [], [factor])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content = model.SerializeToString()
    onnx.checker.check_model(model)
    path = folder / "averages.onnx"
    path.write_bytes(content)
    return changed(
        BUNDLED,
        folder=folder,
        file=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        output=changed(BUNDLED.output, labels=("tops", "background", "person")),
    )
