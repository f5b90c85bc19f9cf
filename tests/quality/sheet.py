"""`python -m tests.quality.sheet`: a contact sheet of validation photos, cut out as the worker does it.

With `--worst` of those that come out worst: the street photos whose clothing overlaps least with what it is, and
garments that are taken for something else.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from shared.settings.settings import load_settings
from tests.quality.sight import Pixels, Plane, load_network, mask_of
from training.data.choice import spread
from training.data.dataset import Split, list_split, read_labels, read_photo, read_tags
from training.labels import certain_classes
from training.metrics import is_clothing, is_counted, largest_category, overlap
from training.prediction import Predictor
from training.scores.sheet import draw_contact_sheet
from worker.network.segmenter import Segmenter

#: Of each kind.
PHOTOS = 12


def main() -> None:
    """Read the command line and draw: street photos, then garments."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.sheet", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="ONNX file; model.toml beside it")
    parser.add_argument("--data", type=Path, required=True, help="ccp/ and clothing/")
    parser.add_argument("--output", type=Path, required=True, help="PNG or JPEG")
    parser.add_argument(
        "--worst", action="store_true", help="the worst photos, and not a fair choice"
    )
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    network, predictor = load_network(arguments.model), Predictor.load(arguments.model)
    if load_settings().second_look:
        predictor = predictor.looking_twice()
    split = list_split(arguments.data, validation=True)
    if arguments.worst:
        photos = _worst_people(split, arguments.data, predictor) + _mistaken(split, predictor)
    else:
        photos = [item.photo for item in spread(split.people, PHOTOS)]
        photos += [item.photo for item in spread(split.garments, PHOTOS)]
    rgbs = [read_photo(photo) for photo in photos]
    alphas = [_alpha(rgb, network) for rgb in rgbs]
    answers = [predictor.predict(rgb) for rgb in rgbs]
    draw_contact_sheet(rgbs, answers, alphas, arguments.output)


def _worst_people(split: Split, data: Path, predictor: Predictor) -> list[Path]:
    tags = read_tags(data)
    overlaps = []
    for person in split.people:
        truth = certain_classes(read_labels(person, tags))
        counted = is_counted(truth)
        answer = predictor.predict(read_photo(person.photo))
        overlaps.append(overlap(is_clothing(answer) & counted, is_clothing(truth) & counted))
    return [split.people[index].photo for index in np.argsort(overlaps)[:PHOTOS]]


def _mistaken(split: Split, predictor: Predictor) -> list[Path]:
    wrong = [
        garment.photo
        for garment in split.garments
        if largest_category(predictor.predict(read_photo(garment.photo))) != garment.class_index
    ]
    return spread(wrong, PHOTOS)


def _alpha(rgb: Pixels, network: Segmenter) -> Plane:
    mask = mask_of(rgb, network)
    if mask is None:
        return np.zeros(rgb.shape[:2], np.float32)
    return mask.astype(np.float32) / np.float32(255)


if __name__ == "__main__":
    main()
