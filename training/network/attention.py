"""Every place of a small feature map looks at every other one: a transformer's layer, between convolutions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS = 4
#: Of the layer's inner width, in times of its own.
EXPANSION = 2


class ChannelNorm(nn.LayerNorm):
    """A layer norm over the channels of each place."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Attention(nn.Module):
    """Self-attention and a perceptron, normed before, each added to what comes in.

    Pre-norm: R. Xiong et al., "On Layer Normalization in the Transformer Architecture", 2020. A depthwise convolution
    with zeros beyond the border tells each place where it is, in frames of any size: X. Chu et al., "Conditional
    Positional Encodings for Vision Transformers", 2021.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.position = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.norm = ChannelNorm(width)
        self.queries_keys_values = nn.Conv2d(width, 3 * width, 1)
        self.project = nn.Conv2d(width, width, 1)
        self.perceptron = nn.Sequential(
            ChannelNorm(width),
            nn.Conv2d(width, EXPANSION * width, 1),
            nn.ReLU(),
            nn.Conv2d(EXPANSION * width, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        x = x + self.position(x)
        x = x + self.project(self._attend(self.queries_keys_values(self.norm(x))))
        mixed: Tensor = self.perceptron(x)
        return x + mixed

    def _attend(self, queries_keys_values: Tensor) -> Tensor:
        """Mix the values of all places, (N, 3 C, H, W) to (N, C, H, W)."""
        batch, channels, height, width = queries_keys_values.shape
        depth = channels // 3 // HEADS
        parts = queries_keys_values.reshape(batch, 3, HEADS, depth, height * width)
        queries, keys, values = parts.transpose(3, 4).unbind(1)
        if self.training:
            mixed = functional.scaled_dot_product_attention(queries, keys, values)
        else:
            shares = torch.softmax(queries @ keys.transpose(2, 3) * depth**-0.5, dim=-1)
            mixed = shares @ values
        return mixed.transpose(2, 3).reshape(batch, channels // 3, height, width)
