"""A network that both servers can run: the bundled one's weights, behind U²-Net's interface, which rembg takes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from shared.manifest import load_manifest
from shared.settings.settings import Settings

NAME = "peer"
_SIDE = 320
#: rembg's, and so what its photos are normalised with; the bundled network wants -1 to 1.
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
#: The planes of clothing: all but the background, which is the first, and those of no category.
_FIRST, _BEHIND = 1, 8
_MANIFEST = """name = "{name}"
description = "The bundled network behind U²-Net's interface, for a comparison"
licence = "Apache-2.0"
file = "model.onnx"
sha256 = "{sha256}"
bytes = {bytes}

[input]
tensor = "photo"
long_side = {side}
stride = {side}
channels = "rgb"
scale = [0.01712475383, 0.01750700280, 0.01742919389]
offset = [-2.11790393013, -2.03571428571, -1.80444444444]

[output]
tensor = "opacity"
stride = 1
kind = "alpha"
"""


def write_network(folder: Path) -> Path:
    """Write the file and its manifest into a folder; return the file."""
    bundled = load_manifest(Settings().model, Settings().models_dir)
    model = onnx.load(bundled.onnx_file)
    graph = model.graph
    graph.initializer.extend(_constants())
    inner_input, inner_output = graph.input[0].name, graph.output[0].name
    before = [
        helper.make_node("Mul", ["photo", "peer.scale"], ["peer.scaled"]),
        helper.make_node("Add", ["peer.scaled", "peer.offset"], [inner_input]),
    ]
    behind = [
        helper.make_node("Softmax", [inner_output], ["peer.shares"], axis=1),
        helper.make_node(
            "Slice", ["peer.shares", "peer.first", "peer.behind", "peer.axis"], ["peer.clothing"]
        ),
        helper.make_node("ReduceSum", ["peer.clothing", "peer.axis"], ["peer.small"]),
        helper.make_node("Resize", ["peer.small", "", "peer.enlarged"], ["opacity"], mode="linear"),
    ]
    nodes = [*before, *graph.node, *behind]
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    graph.input.append(_tensor("photo", 3))
    graph.output.append(_tensor("opacity", 1))
    onnx.checker.check_model(model)
    return _write(folder, model.SerializeToString())


def _constants() -> list[TensorProto]:
    mean, spread = (np.array(it, np.float32).reshape(1, 3, 1, 1) for it in (_MEAN, _SPREAD))
    values: dict[str, NDArray[Any]] = {
        "peer.scale": 2 * spread,
        "peer.offset": 2 * mean - 1,
        "peer.first": np.array([_FIRST], np.int64),
        "peer.behind": np.array([_BEHIND], np.int64),
        "peer.axis": np.array([1], np.int64),
        "peer.enlarged": np.array([1, 1, 4, 4], np.float32),
    }
    return [numpy_helper.from_array(value, name) for name, value in values.items()]


def _tensor(name: str, planes: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, planes, _SIDE, _SIDE])


def _write(folder: Path, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.onnx"
    file.write_bytes(content)
    manifest = _MANIFEST.format(
        name=NAME,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        side=_SIDE,
    )
    (folder / "model.toml").write_text(manifest)
    return file
