"""The network in torch on one photo, while it is still being made; users run its ONNX file (`training.prediction`)."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.dataset import Pixels
from training.network import INPUT_STRIDE, ClothingNet


def logits_of(network: ClothingNet, rgb: Pixels, long_side: int) -> NDArray[np.float32]:
    """Scale a photo (H, W, 3) to about a long side and give its logits, (10, h / 4, w / 4)."""
    scale = long_side / max(rgb.shape)
    rows, columns = (
        max(1, round(side * scale / INPUT_STRIDE)) * INPUT_STRIDE for side in rgb.shape[:2]
    )
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(rgb, (columns, rows), interpolation=how)
    image = torch.from_numpy(small.transpose(2, 0, 1).copy()).float() / 127.5 - 1
    device = next(network.parameters()).device
    with torch.inference_mode():
        logits = network(image[None].to(device))
    return np.asarray(logits[0].float().cpu().numpy(), np.float32)
