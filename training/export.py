"""`python -m training.export`: a checkpoint's averaged weights as ONNX, with the manifest that the worker reads."""

from __future__ import annotations

import argparse
import hashlib
import logging
from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from shared.manifest import FILE_NAME
from training.checkpoint import CHECKPOINT, load_averaged
from training.config import BackboneName
from training.labels import ACCESSORY, CLASSES, PERSON
from training.network.clothing_net import INPUT_STRIDE, OUTPUT_STRIDE, ClothingNet, fold
from training.network.fine_tuning import BACKBONE
from training.network.interpolation import move_towards

_log = logging.getLogger("training")

OPSET = 17
ONNX_FILE = "model.onnx"
#: The size at which the networks of this project are compared.
LONG_SIDE = 432
#: The long side for the second look. With a larger one, categories lose more than edges gain.
NEAR_LONG_SIDE = 640
#: The largest difference of a logit between torch and ONNX Runtime; logits span some 20.
TOLERANCE = 2e-3
#: Shapes (batch, height, width) at which torch and ONNX Runtime are compared.
CHECKED_SHAPES = ((1, 384, 288), (2, 432, 320), (1, 64, 512))
BACKBONE_TITLES: dict[BackboneName, str] = {
    "mobilenet_v2": "MobileNetV2",
    "efficientnet_lite0": "EfficientNet-Lite0",
    "efficientnet_lite1": "EfficientNet-Lite1",
}
DESCRIPTION = (
    "{backbone} with attention and a light decoder, {parameters:.2f} M parameters, trained on photos of clothes, worn "
    "and not"
)


def export(
    network: ClothingNet, folder: Path, name: str, start: Path | None = None, share: float = 1.0
) -> Path:
    """Write `model.onnx` and `model.toml` into a folder.

    Args:
        network: What was trained.
        folder: Where both go.
        name: For the manifest.
        start: The ONNX file that its run began with, to stay nearer to.
        share: Where on the way from there to the network the weights are taken, 0 to 1.

    Raises:
        ArithmeticError: The answers of ONNX Runtime and torch differ.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / ONNX_FILE
    parameters = sum(p.numel() for p in network.parameters()) / 1e6
    write_onnx(network, file)
    difference = largest_difference(network.eval(), file)
    if difference > TOLERANCE:
        raise ArithmeticError(f"The exported network differs by {difference:.4f}")
    if start is not None:
        move_towards(file, start, share)
    _log.info("%s: %.1f MB, differs by %.1e", file, file.stat().st_size / 1e6, difference)
    backbone = BACKBONE_TITLES[network.backbone_name]
    text = manifest(file, name, DESCRIPTION.format(backbone=backbone, parameters=parameters))
    file.with_name(FILE_NAME).write_text(text, encoding="utf-8")
    return file


def write_onnx(network: ClothingNet, file: Path) -> None:
    """Write a copy without batch norms as ONNX; batch, height and width stay open."""
    folded = fold(deepcopy(network).cpu())
    sizes = {0: "batch", 2: "height", 3: "width"}
    torch.onnx.export(
        folded,
        (torch.zeros(1, 3, 384, 288),),
        str(file),
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": sizes, "logits": {0: "batch", 2: "rows", 3: "columns"}},
        opset_version=OPSET,
        dynamo=False,
    )
    model = onnx.load(str(file))
    onnx.helper.set_model_props(model, {BACKBONE: network.backbone_name})
    onnx.save(model, str(file))


def largest_difference(network: ClothingNet, file: Path) -> float:
    """Compare the file with the network that it was made of, on noise of several shapes."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    differences = []
    for batch, height, width in CHECKED_SHAPES:
        image = np.random.default_rng(0).uniform(-1, 1, (batch, 3, height, width))
        image = image.astype(np.float32)
        with torch.inference_mode():
            expected = network(torch.from_numpy(image)).numpy()
        (actual,) = session.run(None, {"image": image})
        differences.append(float(np.abs(expected - actual).max()))
    return max(differences)


def manifest(file: Path, name: str, description: str) -> str:
    """Write what the worker must know of the file, as TOML."""
    words = ", ".join(f'"{word}"' for word in CLASSES[:ACCESSORY])
    return f"""\
name = "{name}"
description = "{description}"
licence = "Apache-2.0"
file = "{file.name}"
sha256 = "{hashlib.sha256(file.read_bytes()).hexdigest()}"
bytes = {file.stat().st_size}

[input]
tensor = "image"          # float32 (N, 3, H, W)
long_side = {LONG_SIDE}
near_long_side = {NEAR_LONG_SIDE}      # at a second look
stride = {INPUT_STRIDE}
channels = "rgb"
scale = [{", ".join([str(1 / 127.5)] * 3)}]   # x / 127.5 - 1
offset = [-1.0, -1.0, -1.0]

[output]
tensor = "logits"         # float32 (N, {len(CLASSES)}, H / {OUTPUT_STRIDE}, W / {OUTPUT_STRIDE}), not softmaxed
stride = {OUTPUT_STRIDE}
kind = "classes"
labels = [
    {words},
    "{CLASSES[ACCESSORY]}",          # belts, scarves, jewellery: no category
    "{CLASSES[PERSON]}",             # skin and hair
]
"""


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder of the trained run")
    parser.add_argument("--output", type=Path, required=True, help="folder of the model")
    parser.add_argument("--name", default="cutwork-1")
    parser.add_argument("--start", type=Path, help="ONNX file that the run began with")
    parser.add_argument("--share", type=float, default=1.0, help="of the way from there, 0 to 1")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    network = load_averaged(arguments.run / CHECKPOINT)
    export(network, arguments.output, arguments.name, arguments.start, arguments.share)


if __name__ == "__main__":
    main()
