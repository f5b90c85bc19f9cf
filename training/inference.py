"""The network on one photo while it is still being made, by ONNX Runtime.

Photos have many shapes, and torch prepares for each anew: on a CPU it took four times as long.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from training.dataset import Pixels
from training.export import write_onnx
from training.network import INPUT_STRIDE, ClothingNet


class Teacher:
    """A network as it stands, for photos one by one; from several threads at once, if you like."""

    def __init__(self, network: ClothingNet, file: Path) -> None:
        """Write the network to a file and load it."""
        write_onnx(network, file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(file), options, providers=onnxruntime.get_available_providers()
        )

    def logits_of(self, rgb: Pixels, long_side: int) -> NDArray[np.float32]:
        """Scale a photo (H, W, 3) to about a long side and give its logits, (10, h / 4, w / 4)."""
        scale = long_side / max(rgb.shape)
        rows, columns = (
            max(1, round(side * scale / INPUT_STRIDE)) * INPUT_STRIDE for side in rgb.shape[:2]
        )
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(rgb, (columns, rows), interpolation=how)
        image = small.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(127.5) - 1
        (logits,) = self._session.run(None, {"image": image})
        return np.asarray(logits[0], np.float32)
