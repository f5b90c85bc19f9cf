"""Learning on from an exported network.

Needs torch, which only the environment of `make train` has; with pytest put there too, this runs with `--noconftest`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is in the environment of `make train` alone")

from tests.training.random_network import random_network  # noqa: E402
from training.config import BackboneName  # noqa: E402
from training.export import write_onnx  # noqa: E402
from training.network.clothing_net import ClothingNet  # noqa: E402
from training.network.fine_tuning import exported_backbone, load_exported  # noqa: E402


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("backbone", ["mobilenet_v2", "efficientnet_lite0"])
def test_a_network_that_was_exported_and_loaded_again_answers_as_before(
    tmp_path: Path, backbone: BackboneName
) -> None:
    torch.manual_seed(0)
    images = torch.rand(2, 3, 96, 64) * 2 - 1
    exported = random_network(backbone)
    exported(images)  # so that its norms have seen something
    exported.eval()
    file = tmp_path / "model.onnx"
    write_onnx(exported, file)

    again = ClothingNet(exported_backbone(file))
    load_exported(again, file, images)

    assert again.training
    with torch.no_grad():
        assert torch.allclose(again.eval()(images), exported(images), atol=1e-4)
