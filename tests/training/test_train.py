"""What a run begins with.

Needs torch, which only the environment of `make train` has; with pytest put there too, this runs with `--noconftest`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is in the environment of `make train` alone")

from tests.training.random_network import random_network
from training.config import TrainingConfig
from training.data.augmentation import Sample
from training.data.grounds import BACKGROUND_SET
from training.data.mixing import Mixture
from training.export import write_onnx
from training.labels import CLASSES, bit
from training.network.mobilenet import MobileNet
from training.train import Run


@pytest.fixture
def mixture() -> Mixture:
    sets = np.full((96, 64), BACKGROUND_SET, np.uint16)
    sets[20:80, 20:40] = bit("coat")
    sample = Sample(rgb=np.full((96, 64, 3), 90, np.uint8), sets=sets)
    return Mixture.of([sample], [sample], [CLASSES.index("coat")])


def write_backbone(file: Path) -> None:
    """Write random weights under the names of TensorFlow's layers."""
    weights = {}
    backbone = MobileNet()
    layers = {"Conv": backbone.stem}
    for index, block in enumerate(backbone.blocks):
        prefix = f"expanded_conv_{index}" if index else "expanded_conv"
        parts = ("expand", "depthwise", "project") if index else ("depthwise", "project")
        layers |= {f"{prefix}.{part}": getattr(block, part) for part in parts}
    for name, layer in layers.items():
        weights[f"{name}.weight"] = layer.conv.weight.detach().numpy()
        weights[f"{name}.bias"] = layer.conv.bias.detach().numpy()
    file.parent.mkdir()
    np.savez(file, **weights)


def learns_fine_layers(run: Run) -> bool:
    return all(p.requires_grad for p in run.network.backbone.stem.parameters())


def test_a_run_from_the_backbone_keeps_its_fine_layers(tmp_path: Path, mixture: Mixture) -> None:
    write_backbone(tmp_path / "backbone" / "mobilenet_v2.npz")

    config = TrainingConfig(data=tmp_path, output=tmp_path / "run", backbone="mobilenet_v2")
    run = Run(config, mixture)

    assert not learns_fine_layers(run)
    assert run.network.backbone.blocks[-1].project.conv.weight.requires_grad


@pytest.mark.filterwarnings("ignore")
def test_a_run_from_a_network_learns_all_layers(tmp_path: Path, mixture: Mixture) -> None:
    start = tmp_path / "model.onnx"
    write_onnx(random_network().eval(), start)

    run = Run(TrainingConfig(data=tmp_path, output=tmp_path / "run", start=start), mixture)

    assert learns_fine_layers(run)
    assert len({p for g in run.optimizer.param_groups for p in g["params"]}) == len(
        list(run.network.parameters())
    )
