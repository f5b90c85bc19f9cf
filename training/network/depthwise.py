"""Depthwise convolutions by ways that are fast to learn on a CPU; the results are the same.

oneDNN has fast gradients for depthwise convolutions of 3 × 3 without stride and dilation only. The others took two
thirds of a step (torch 2.13, two cores, bfloat16), so they are computed by those.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


def convolve_depthwise(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Convolve (N, C, H, W) as `conv` does, after TensorFlow's padding if it has a stride and none of its own.

    Args:
        x: H and W even where the stride or the dilation is 2.
        conv: 3 × 3, depthwise; stride and dilation 1 or 2, not both 2.
    """
    if conv.stride[0] == 2:  # noqa: PLR2004
        first = 0 if conv.padding[0] else 1
        return _plain(x, conv)[:, :, first::2, first::2]
    if conv.dilation[0] == 2:  # noqa: PLR2004
        return _joined(_plain(_quartered(x), conv), x.shape[0])
    return _plain(x, conv)


def _plain(x: Tensor, conv: nn.Conv2d) -> Tensor:
    return functional.conv2d(x, conv.weight, conv.bias, padding=1, groups=conv.groups)


def _quartered(x: Tensor) -> Tensor:
    """Take a map apart into those of its even and odd rows and columns: (4 N, C, H / 2, W / 2)."""
    batch, channels, height, width = x.shape
    parts = x.permute(0, 2, 3, 1).reshape(batch, height // 2, 2, width // 2, 2, channels)
    parts = parts.permute(2, 4, 0, 1, 3, 5)
    return parts.reshape(4 * batch, height // 2, width // 2, channels).permute(0, 3, 1, 2)


def _joined(parts: Tensor, batch: int) -> Tensor:
    """Undo `_quartered`."""
    _, channels, rows, columns = parts.shape
    x = parts.permute(0, 2, 3, 1).reshape(2, 2, batch, rows, columns, channels)
    x = x.permute(2, 3, 0, 4, 1, 5).reshape(batch, 2 * rows, 2 * columns, channels)
    return x.permute(0, 3, 1, 2)
