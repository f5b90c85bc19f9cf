"""A layer of attention in training and in use.

Needs torch, which only the environment of `make train` has; with pytest put there too, this runs with `--noconftest`.
"""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is in the environment of `make train` alone")

from training.network.attention import Attention  # noqa: E402


@pytest.mark.parametrize("size", [(3, 5), (8, 2)])
def test_training_and_use_give_the_same_values(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    layer = Attention(16)
    features = torch.randn(2, 16, *size)

    trained, used = layer.train()(features), layer.eval()(features)

    assert trained.shape == features.shape
    assert torch.allclose(trained, used, atol=1e-5)


def test_every_place_sees_every_other_one() -> None:
    torch.manual_seed(0)
    layer = Attention(16).eval()
    features = torch.randn(1, 16, 6, 6)
    changed = features.clone()
    changed[:, :, 0, 0] += 3

    difference = (layer(changed) - layer(features)).abs().sum(dim=1)

    assert difference[0, 5, 5] > 1e-4
