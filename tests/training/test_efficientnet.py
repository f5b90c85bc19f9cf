"""The backbone of the packages.

Needs torch, which only the environment of `make train` has; with pytest put there too, this runs with `--noconftest`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is in the environment of `make train` alone")

from torch import Tensor, nn  # noqa: E402

from training.network.clothing_net import ClothingNet  # noqa: E402
from training.network.efficientnet import EPSILON, EfficientNet, Variant  # noqa: E402


def packaged(conv: nn.Conv2d, name: str, norm: str) -> dict[str, Tensor]:
    """Make what the package's file says of a convolution, at random."""
    channels = conv.out_channels
    return {
        f"{name}.weight": torch.randn_like(conv.weight),
        f"{norm}.weight": torch.rand(channels) + 0.5,
        f"{norm}.bias": torch.randn(channels),
        f"{norm}.running_mean": torch.randn(channels),
        f"{norm}.running_var": torch.rand(channels) + 0.5,
    }


def write_package(backbone: EfficientNet, file: Path) -> dict[str, Tensor]:
    weights = packaged(backbone.stem.conv, "_conv_stem", "_bn0")
    for index, block in enumerate(backbone.blocks):
        for number, part in enumerate(("expand", "depthwise", "project")):
            layer = getattr(block, part)
            if not isinstance(layer, nn.Identity):
                prefix = f"_blocks.{index}"
                weights |= packaged(layer.conv, f"{prefix}._{part}_conv", f"{prefix}._bn{number}")
    torch.save(weights, file)
    return weights


@pytest.mark.parametrize("variant", ["lite0", "lite1"])
def test_features_have_the_sizes_and_channels_that_the_decoder_is_told(variant: Variant) -> None:
    backbone = EfficientNet(variant).eval()

    features = backbone(torch.zeros(1, 3, 96, 80))

    assert [tuple(f.shape[2:]) for f in features] == [
        (48, 40), (24, 20), (12, 10), (6, 5), (3, 3),
    ]  # fmt: skip
    assert tuple(f.shape[1] for f in features) == backbone.channels


def test_norms_and_the_other_normalisation_are_folded_in(tmp_path: Path) -> None:
    torch.manual_seed(0)
    backbone = EfficientNet("lite0").eval()
    weights = write_package(backbone, tmp_path / "package.pth")
    photo = torch.randint(0, 256, (1, 3, 32, 32)).float()

    backbone.load(tmp_path / "package.pth")

    theirs = nn.functional.conv2d(
        (photo - 127) / 128, weights["_conv_stem.weight"], stride=2, padding=1
    )
    theirs = nn.functional.batch_norm(
        theirs,
        *(weights[f"_bn0.{part}"] for part in ("running_mean", "running_var", "weight", "bias")),
        eps=EPSILON,
    )
    ours = backbone.stem(photo / 127.5 - 1)
    # Beyond the photo lies zero, which is another grey in either normalisation.
    assert torch.allclose(ours[:, :, 1:, 1:], theirs.clamp(0, 6)[:, :, 1:, 1:], atol=1e-4)


def test_features_lie_on_the_grid_of_the_photo_to_a_quarter_of_their_pixel() -> None:
    backbone = EfficientNet("lite0")
    offset, stride = 0.0, 1
    for layer in (backbone.stem, *(block.depthwise for block in backbone.blocks)):
        if layer.conv.stride[0] > 1:
            offset += stride * (0.5 if layer.lacks_padding else -0.5)
            stride *= 2

            assert abs(offset) <= stride / 4

    assert stride == 32


@pytest.mark.filterwarnings("ignore")
def test_a_network_with_it_answers_for_all_sizes_that_its_stride_divides() -> None:
    network = ClothingNet("efficientnet_lite0").eval()

    assert network(torch.zeros(2, 3, 64, 48)).shape == (2, 10, 16, 12)
    assert network(torch.zeros(1, 3, 80, 112)).shape == (1, 10, 20, 28)
