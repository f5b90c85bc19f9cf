"""The fast way of learning depthwise convolutions gives what the plain one gives.

Needs torch, which only the environment of `make train` has; with pytest put there too, this runs with `--noconftest`.
"""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is in the environment of `make train` alone")

from training.network.convolution import SameConv  # noqa: E402


@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2)])
def test_training_and_use_give_the_same_values_and_gradients(stride: int, dilation: int) -> None:
    torch.manual_seed(0)
    layer = SameConv(6, 6, 3, stride=stride, dilation=dilation, depthwise=True, relu6=False)
    gradients, values = [], []
    for mode in (True, False):
        layer.train(mode)
        layer.zero_grad()
        image = torch.linspace(-1, 1, 2 * 6 * 12 * 8).reshape(2, 6, 12, 8).requires_grad_()
        value = layer(image)
        (value * torch.arange(value.numel()).reshape(value.shape)).sum().backward()
        values.append(value.detach())
        gradients.append((image.grad, layer.conv.weight.grad))

    assert torch.allclose(*values, atol=1e-5)
    for trained, used in zip(*gradients, strict=True):
        assert torch.allclose(trained, used, rtol=1e-4, atol=1e-2)
