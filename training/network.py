"""The network: MobileNetV2 as DeepLab left it, and a light decoder that goes back up to a quarter of the size.

At a sixteenth of the size every place looks at every other one (`training.attention`), and a list is drawn up of the
classes that the photo shows: whether a striped dress is one garment or four is seen from afar, not from near.

The backbone has no batch norms (they are folded in its file); the decoder has, and `fold` takes them out for export.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.attention import Attention
from training.depthwise import convolve_depthwise
from training.labels import CLASS_COUNT

#: (output channels, stride, dilation) of the seventeen blocks; DeepLab trades the last stride for dilation.
BLOCKS = (
    (16, 1, 1), (24, 2, 1), (24, 1, 1), (32, 2, 1), (32, 1, 1), (32, 1, 1), (64, 2, 1), (64, 1, 1), (64, 1, 1),
    (64, 1, 1), (96, 1, 1), (96, 1, 1), (96, 1, 1), (160, 1, 1), (160, 1, 2), (160, 1, 2), (320, 1, 2),
)  # fmt: skip
STEM_CHANNELS = 32
EXPANSION = 6
#: The blocks whose outputs are the finest at half, a quarter and an eighth of the size.
HALF, QUARTER, EIGHTH = 0, 2, 5
DECODER_CHANNELS = 96
ATTENTION_LAYERS = 2
INPUT_STRIDE, OUTPUT_STRIDE = 16, 4


class SameConv(nn.Module):
    """A convolution with TensorFlow's padding: at stride 2 and even sizes, right and bottom only."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        depthwise: bool = False,
        relu6: bool = True,
    ) -> None:
        super().__init__()
        self.padded = stride > 1
        self.depthwise = depthwise
        self.relu6 = relu6
        self.conv = nn.Conv2d(
            inputs,
            outputs,
            kernel,
            stride,
            padding=0 if self.padded else dilation * (kernel // 2),
            dilation=dilation,
            groups=inputs if depthwise else 1,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (N, C, H, W); H and W even where the stride or the dilation is 2."""
        if self.depthwise and self.training:
            x = convolve_depthwise(x, self.conv)
        else:
            x = self.conv(functional.pad(x, (0, 1, 0, 1)) if self.padded else x)
        return functional.hardtanh(x, 0.0, 6.0) if self.relu6 else x


class Block(nn.Module):
    """An inverted residual: expand, depthwise, project."""

    def __init__(
        self, inputs: int, outputs: int, stride: int, dilation: int, expansion: int
    ) -> None:
        super().__init__()
        width = inputs * expansion
        self.expand = SameConv(inputs, width, 1) if expansion > 1 else nn.Identity()
        self.depthwise = SameConv(width, width, 3, stride=stride, dilation=dilation, depthwise=True)
        self.project = SameConv(width, outputs, 1, relu6=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class Backbone(nn.Module):
    """MobileNetV2 1.0 at output stride 16."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM_CHANNELS, 3, stride=2)
        self.blocks = nn.ModuleList()
        inputs = STEM_CHANNELS
        for index, (outputs, stride, dilation) in enumerate(BLOCKS):
            expansion = EXPANSION if index else 1
            self.blocks.append(Block(inputs, outputs, stride, dilation, expansion))
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


class Separable(nn.Sequential):
    """A 3 × 3 depthwise and a 1 × 1 convolution, batch norms and one ReLU.

    Not 5 × 5: oneDNN has no fast kernel for the gradient of its weights, and it took longer than the whole backbone.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
        )


class Lateral(nn.Sequential):
    """A convolution to the decoder's width, of each `step` × `step` pixels to one."""

    def __init__(self, inputs: int, step: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, DECODER_CHANNELS, step, step, bias=False),
            nn.BatchNorm2d(DECODER_CHANNELS),
            nn.ReLU(),
        )


class ClothingNet(nn.Module):
    """Backbone and decoder."""

    def __init__(self) -> None:
        super().__init__()
        width = DECODER_CHANNELS
        self.backbone = Backbone()
        self.coarse = Lateral(BLOCKS[-1][0])
        self.attend = nn.Sequential(*(Attention(width) for _ in range(ATTENTION_LAYERS)))
        self.decode16 = nn.Sequential(Separable(width), Separable(width))
        self.presence = nn.Conv2d(width, CLASS_COUNT, 1)
        self.prior = nn.Conv2d(CLASS_COUNT, CLASS_COUNT, 1)
        self.lateral8 = Lateral(BLOCKS[EIGHTH][0])
        self.decode8 = nn.Sequential(Separable(width), Separable(width))
        self.lateral4 = Lateral(BLOCKS[QUARTER][0])
        # Where an edge runs within a pixel of the output is seen at twice its resolution.
        self.lateral2 = Lateral(BLOCKS[HALF][0], step=2)
        self.decode4 = nn.Sequential(Separable(width), Separable(width))
        self.classify = nn.Conv2d(width, CLASS_COUNT, 1)
        nn.init.zeros_(self.prior.weight)

    def forward(self, image: Tensor) -> Tensor:
        """Map (N, 3, H, W) float32, RGB, x / 127.5 - 1, sides multiples of 16, to logits (N, 10, H / 4, W / 4)."""
        logits, _ = self.look(image)
        return logits

    def look(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Give beside the logits those of each class being somewhere in the photo, (N, 10)."""
        half, fine, middle, coarse = self.backbone(image)
        x = self.decode16(self.attend(self.coarse(coarse)))
        presence = self.presence(functional.adaptive_avg_pool2d(x, 1))
        x = self.decode8(_double(x) + self.lateral8(middle))
        x = self.decode4(_double(x) + self.lateral4(fine) + self.lateral2(half))
        logits: Tensor = self.classify(x) + self.prior(presence)
        return logits, presence.flatten(1)


def fold(network: ClothingNet) -> ClothingNet:
    """Fold every batch norm into the convolution before it, in place. The network is in evaluation mode after."""
    network.eval()
    for parent in network.modules():
        if not isinstance(parent, Separable | Lateral):
            continue
        for index in range(len(parent) - 1):
            conv, norm = parent[index], parent[index + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                parent[index] = fuse_conv_bn_eval(conv, norm)
                parent[index + 1] = nn.Identity()
    return network


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def _assign(layer: SameConv, weights: np.lib.npyio.NpzFile, name: str) -> None:
    layer.conv.weight.data = torch.from_numpy(weights[f"{name}.weight"]).float()
    bias = layer.conv.bias
    assert bias is not None, f"{name} has a bias in the file"
    bias.data = torch.from_numpy(weights[f"{name}.bias"]).float()
