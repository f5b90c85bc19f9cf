"""`python -m training.variants`: a network with 16 or 8 bits: how small and fast it is, and how much worse.

All keep float32 inputs and outputs, so that each can stand in for the original under its manifest.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

from shared.manifest import FILE_NAME
from training.data.choice import spread
from training.data.dataset import Split, list_split, read_photo
from training.evaluate import Evaluation, evaluate
from training.export import manifest
from training.prediction import Predictor

_log = logging.getLogger("training")

#: So many training photos give the ranges for eight bits.
CALIBRATION_PHOTOS = 100
ROUNDS = 25
#: (height, width) at which the time is taken: a street photo's.
FRAME = (432, 288)
#: How the names of the nodes of `training.network.clothing_net`'s attention begin.
ATTENTION = "/attend/"
#: A variant that loses more points of any score is not worth shipping.
BEARABLE_LOSS = 0.5


@dataclass(frozen=True, kw_only=True)
class Eight:
    """How eight bits are made."""

    format: QuantFormat = QuantFormat.QDQ
    #: Whether the list of classes and the last convolution stay float32.
    keeps_ends: bool = False
    #: Whether a range is the mean of the photos' extremes, not their extreme.
    averages: bool = False
    #: Whether weights have seven bits: on processors without VNNI the sums of eight overflow.
    is_reduced: bool = False


RECIPES = {
    "int8": Eight(),
    "int8-reduced": Eight(is_reduced=True),
    "int8-ends": Eight(keeps_ends=True),
    "int8-ends-averaged": Eight(keeps_ends=True, averages=True),
    "int8-ends-qoperator": Eight(keeps_ends=True, format=QuantFormat.QOperator),
}
NAMES = ["fp16", *RECIPES]


class _Frames(CalibrationDataReader):  # type: ignore[misc]  # the base class is untyped
    """What the network is fed of training photos, street photos and garments half and half."""

    def __init__(self, predictor: Predictor, data: Path) -> None:
        split = list_split(data, validation=False)
        half = CALIBRATION_PHOTOS // 2
        photos = [item.photo for item in spread(split.people, half)]
        photos += [item.photo for item in spread(split.garments, half)]
        self._photos = iter(photos)
        self._predictor = predictor
        self._name = predictor.manifest.input.tensor

    def get_next(self) -> Mapping[str, NDArray[np.float32]] | None:
        """Give the next one, or None."""
        photo = next(self._photos, None)
        return None if photo is None else {self._name: self._predictor.frame(read_photo(photo))}


def write_half(source: Path, target: Path) -> None:
    """Write a network with float16 inside."""
    onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=True), target)


def write_eight(source: Path, target: Path, recipe: Eight, data: Path) -> None:
    """Write a network with eight bits inside; training photos give the ranges."""
    prepared = target.with_suffix(".prepared")
    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    quantize_static(
        str(prepared),
        str(target),
        _Frames(Predictor.load(source), data),
        quant_format=recipe.format,
        per_channel=True,
        reduce_range=recipe.is_reduced,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
        nodes_to_exclude=_excluded(onnx.load(prepared), recipe),
        # All outputs of all frames would not fit into memory. No divisor of the photos' number: then it says that
        # nothing was collected.
        extra_options={"CalibMaxIntermediateOutputs": 7, "CalibMovingAverage": recipe.averages},
    )
    prepared.unlink()


def _excluded(model: onnx.ModelProto, recipe: Eight) -> list[str]:
    """Name the nodes that stay float32: a place's share of another's attention is less than eight bits can tell."""
    attention = [node.name for node in model.graph.node if node.name.startswith(ATTENTION)]
    return attention + (ends_of(model) if recipe.keeps_ends else [])


def ends_of(model: onnx.ModelProto) -> list[str]:
    """Name the nodes that give the network's outputs, those before them, and those that come of a global mean."""
    outputs = {output.name for output in model.graph.output}
    last = [node for node in model.graph.node if outputs & set(node.output)]
    ends = outputs.union(*(node.input for node in last))
    of_mean: set[str] = set()
    names = []
    for node in model.graph.node:
        is_global = node.op_type == "GlobalAveragePool" or of_mean & set(node.input)
        if is_global:
            of_mean.update(node.output)
        if is_global or ends & set(node.output):
            names.append(node.name)
    return names


def ratio_to(first: Predictor, other: Predictor) -> float:
    """Give the time of the other network in times of the first, on one thread, run in turn."""
    frame = np.random.default_rng(0).uniform(-1, 1, (3, *FRAME)).astype(np.float32)
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for predictor, times in zip((first, other), spent, strict=True):
            began = time.perf_counter()
            predictor.network.segment(frame)
            times.append(time.perf_counter() - began)
    return statistics.median(spent[1]) / statistics.median(spent[0])


def scores_of(evaluation: Evaluation) -> dict[str, float]:
    """Give the scores that a variant is judged by, in points."""
    people, garments = evaluation.people.summary(), evaluation.garments.summary()
    return {
        **{name: 100 * people[name] for name in ("clothing", "mean", "edge")},
        **{name: 100 * garments[name] for name in ("right", "known class")},
    }


def main() -> None:
    """Read the command line, make the variants, measure them, print a table."""
    parser = argparse.ArgumentParser(prog="python -m training.variants", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="ONNX file; model.toml beside it")
    parser.add_argument("--data", type=Path, required=True, help="ccp/ and clothing/")
    parser.add_argument("--output", type=Path, required=True, help="variants and numbers")
    parser.add_argument("--photos", type=int, help="validation photos of each kind; default: all")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="variants")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger().setLevel(logging.WARNING)
    _log.setLevel(logging.INFO)
    cv2.setNumThreads(1)
    split = _some(list_split(arguments.data, validation=True), arguments.photos)
    files = _write_all(arguments.model, arguments.data, arguments.output, arguments.only)
    original = Predictor.load(arguments.model)
    masks = arguments.output.parent / "masks"
    before = scores_of(evaluate(original, split, arguments.data, masks))
    rows = [{"name": "fp32", "bytes": arguments.model.stat().st_size, "time": 1.0, **before}]
    _log.info("| variant | MB | time | %s | ships |", " | ".join(before))
    _log.info("|---%s|", "|---" * (len(before) + 3))
    _log_row(rows[0], before)
    for name, file in files.items():
        variant = Predictor.load(file)
        after = scores_of(evaluate(variant, split, arguments.data, masks))
        speed = ratio_to(original, variant)
        rows.append({"name": name, "bytes": file.stat().st_size, "time": speed, **after})
        _log_row(rows[-1], before)
    text = json.dumps(rows, indent=2) + "\n"
    (arguments.output / "variants.json").write_text(text, encoding="utf-8")


def _write_all(model: Path, data: Path, folder: Path, names: list[str]) -> dict[str, Path]:
    """Write each variant into a folder of its own with its manifest, as the worker takes it."""
    files = {name: folder / name / model.name for name in names}
    table = tomllib.loads(model.with_name(FILE_NAME).read_text(encoding="utf-8"))
    for name, file in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        if name in RECIPES:
            write_eight(model, file, RECIPES[name], data)
        else:
            write_half(model, file)
        text = manifest(file, f"{table['name']}-{name}", f"{table['description']}; {name}")
        file.with_name(FILE_NAME).write_text(text, encoding="utf-8")
    return files


def _some(split: Split, count: int | None) -> Split:
    if count is None:
        return split
    return Split(
        people=tuple(spread(split.people, count)), garments=tuple(spread(split.garments, count))
    )


def _log_row(row: Mapping[str, object], before: Mapping[str, float]) -> None:
    scores = {name: float(str(row[name])) for name in before}
    ships = all(before[name] - scores[name] < BEARABLE_LOSS for name in before)
    megabytes = float(str(row["bytes"])) / 1e6
    numbers = " | ".join(f"{value:.1f}" for value in scores.values())
    word = "yes" if ships else "no"
    _log.info("| %s | %.2f | %.2f | %s | %s |", row["name"], megabytes, row["time"], numbers, word)


if __name__ == "__main__":
    main()
