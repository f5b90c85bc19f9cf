"""A decoder on another backbone.

Needs torch, which only the environment of `make train` has; with pytest put there too, this runs with `--noconftest`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is in the environment of `make train` alone")

from torch.nn import functional  # noqa: E402

from tests.training.random_network import random_network  # noqa: E402
from training.export import write_onnx  # noqa: E402
from training.network.clothing_net import ClothingNet, Lateral  # noqa: E402
from training.network.transplant import fit, transplant  # noqa: E402


@pytest.mark.parametrize("step", [1, 2])
def test_what_a_convolution_can_give_is_found(step: int) -> None:
    torch.manual_seed(0)
    lateral = Lateral(8, step=step)
    features = torch.randn(4, 8, 16, 12)
    kernel, bias = torch.randn_like(lateral[0].weight), torch.randn(96)
    wanted = functional.conv2d(features, kernel, bias, stride=step)

    found, shift = fit(lateral, features, wanted)

    given = functional.conv2d(features, found, shift, stride=step)
    assert (given - wanted).square().mean() < 1e-3 * wanted.var()


@pytest.mark.filterwarnings("ignore")
def test_a_decoder_on_the_backbone_that_it_had_answers_as_before(tmp_path: Path) -> None:
    torch.manual_seed(0)
    images = torch.rand(6, 3, 96, 64) * 2 - 1
    old = random_network()
    old(images)  # so that its norms have seen something
    old.eval()
    write_onnx(old, tmp_path / "old.onnx")
    network = ClothingNet()
    network.backbone.load_state_dict(old.backbone.state_dict())

    transplant(network, tmp_path / "old.onnx", images)

    assert network.training
    with torch.no_grad():
        answer, truth = network.eval()(images), old(images)
    assert (answer - truth).square().mean() < 0.05 * truth.var()


@pytest.mark.filterwarnings("ignore")
def test_a_decoder_goes_onto_a_backbone_that_looks_from_farther(tmp_path: Path) -> None:
    images = torch.rand(2, 3, 96, 80) * 2 - 1
    old = random_network().eval()
    write_onnx(old, tmp_path / "old.onnx")
    network = ClothingNet("efficientnet_lite0")

    transplant(network, tmp_path / "old.onnx", images)

    assert torch.allclose(network.classify.weight, old.classify.weight)
    with torch.no_grad():
        assert network.eval()(images).isfinite().all()
