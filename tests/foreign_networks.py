"""Other people's networks in small: the interfaces of the real files, and random weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = list[str | int]

_FREE: Shape = ["batch_size", "num_channels", "height", "width"]


def segformer(labels: int) -> bytes:
    """Any size, any batch; logits at a quarter of it."""
    return _network("pixel_values", _FREE, _FREE, {"logits": labels}, stride=4)


def u2net(planes: int, side: int, *, sigmoid: bool) -> bytes:
    """One square photo; seven answers, of which the first is the one."""
    outputs = {str(1959 + i): planes for i in range(7)}
    shapes: tuple[Shape, Shape] = ([1, 3, side, side], [1, planes, side, side])
    return _network("input.1", *shapes, outputs, stride=1, sigmoid=sigmoid)


def _network(
    name: str,
    input_shape: Shape,
    output_shape: Shape,
    outputs: Mapping[str, int],
    *,
    stride: int,
    sigmoid: bool = False,
) -> bytes:
    random = np.random.default_rng(11)
    nodes, weights = [], []
    for output, planes in outputs.items():
        kernel = random.normal(0, 4 / stride**2, (planes, 3, stride, stride)).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, f"{output}.weights"))
        inner = f"{output}.linear" if sigmoid else output
        nodes.append(
            helper.make_node("Conv", [name, f"{output}.weights"], [inner], strides=[stride, stride])
        )
        if sigmoid:
            nodes.append(helper.make_node("Sigmoid", [inner], [output]))
    graph = helper.make_graph(
        nodes,
        "foreign",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, input_shape)],
        [helper.make_tensor_value_info(o, TensorProto.FLOAT, output_shape) for o in outputs],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


#: Name of the manifest → a file as it describes it.
FOREIGN: Mapping[str, bytes] = {
    "segformer_b2_clothes": segformer(18),
    "segformer-b3-fashion": segformer(47),
    "u2net_cloth_seg": u2net(4, 768, sigmoid=False),
    "u2net": u2net(1, 320, sigmoid=True),
}
