"""Weights between those of two networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from training.network.interpolation import move_towards


def write(file: Path, weight: float, name: str = "weight") -> Path:
    """Write a network that adds one number."""
    tensors = [
        helper.make_tensor_value_info(word, TensorProto.FLOAT, [1]) for word in ("image", "logits")
    ]
    constant = numpy_helper.from_array(np.array([weight], np.float32), name)
    node = helper.make_node("Add", ["image", name], ["logits"])
    graph = helper.make_graph([node], "adder", [tensors[0]], [tensors[1]], [constant])
    onnx.save(helper.make_model(graph), str(file))
    return file


def weight_of(file: Path) -> float:
    (tensor,) = onnx.load(str(file)).graph.initializer
    return float(numpy_helper.to_array(tensor)[0])


@pytest.mark.parametrize(("share", "expected"), [(1.0, 10.0), (0.7, 7.6), (0.0, 2.0)])
def test_a_share_of_the_way_from_the_start_is_gone(
    tmp_path: Path, share: float, expected: float
) -> None:
    start, file = write(tmp_path / "start.onnx", 2), write(tmp_path / "end.onnx", 10)

    move_towards(file, start, share)

    assert weight_of(file) == pytest.approx(expected)
    assert weight_of(start) == 2


def test_a_network_of_another_layout_is_no_start(tmp_path: Path) -> None:
    start, file = write(tmp_path / "start.onnx", 2, "other"), write(tmp_path / "end.onnx", 10)

    with pytest.raises(KeyError):
        move_towards(file, start, 0.5)

    assert weight_of(file) == 10
