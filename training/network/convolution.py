"""What mobile backbones are made of: convolutions without batch norms, and inverted residuals of three of them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.network.depthwise import convolve_depthwise

#: Which pixel of each two by two an output of stride 2 stands for: the last one, as with TensorFlow's padding, or the
#: first one. Each puts the features half a pixel of theirs off the photo's grid, in opposite directions.
Anchor = Literal["first", "last"]


class SameConv(nn.Module):
    """A convolution whose output has the input's size, or half of it."""

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
        anchor: Anchor = "last",
    ) -> None:
        super().__init__()
        # TensorFlow pads one pixel more on the right and at the bottom than on the left and at the top.
        self.lacks_padding = stride > 1 and anchor == "last"
        self.depthwise = depthwise
        self.relu6 = relu6
        self.conv = nn.Conv2d(
            inputs,
            outputs,
            kernel,
            stride,
            padding=dilation * (kernel // 2) - self.lacks_padding,
            dilation=dilation,
            groups=inputs if depthwise else 1,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (N, C, H, W); H and W even where the stride is 2 and the anchor "last", or the dilation is 2."""
        if self.depthwise and self.training and self.conv.kernel_size == (3, 3):
            x = convolve_depthwise(x, self.conv)
        else:
            x = self.conv(functional.pad(x, (0, 1, 0, 1)) if self.lacks_padding else x)
        return functional.hardtanh(x, 0.0, 6.0) if self.relu6 else x

    def assign(self, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        """Take what was learnt before; the shapes are those of the convolution's own."""
        self.conv.weight.data = torch.from_numpy(np.asarray(weight, np.float32))
        assert self.conv.bias is not None, "every convolution here has a bias"
        self.conv.bias.data = torch.from_numpy(np.asarray(bias, np.float32))


class Block(nn.Module):
    """An inverted residual: expand, depthwise, project."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        expansion: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        dilation: int = 1,
        anchor: Anchor = "last",
    ) -> None:
        super().__init__()
        width = inputs * expansion
        self.expand = SameConv(inputs, width, 1) if expansion > 1 else nn.Identity()
        self.depthwise = SameConv(
            width, width, kernel, stride=stride, dilation=dilation, depthwise=True, anchor=anchor
        )
        self.project = SameConv(width, outputs, 1, relu6=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y
