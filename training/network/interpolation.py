"""Weights between those that a run began with and those that it ended with.

M. Wortsman et al., "Robust fine-tuning of zero-shot models", 2022: what learns on gets better at what it is shown and
loses a little elsewhere; somewhere on the line between both networks is one that has most of the gain and little of the
loss.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper


def move_towards(file: Path, start: Path, share: float) -> None:
    """Move a network's weights towards those of the one that its run began with, in place.

    Args:
        file: ONNX file of `training.export`.
        start: One of the same layout.
        share: How much of the way lies behind it: 1 leaves it as it is, 0 makes it the other one.

    Raises:
        KeyError: The other file lacks a weight.
    """
    model = onnx.load(str(file))
    before = {t.name: numpy_helper.to_array(t) for t in onnx.load(str(start)).graph.initializer}
    for tensor in model.graph.initializer:
        after = numpy_helper.to_array(tensor)
        if after.dtype == np.float32:
            mixed = share * after + (1 - share) * before[tensor.name]
            tensor.CopyFrom(numpy_helper.from_array(np.asarray(mixed, np.float32), tensor.name))
    onnx.save(model, str(file))
