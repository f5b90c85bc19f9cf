"""`python -m tests.quality.sheet`: a contact sheet of validation photos, cut out as the worker does it."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from tests.quality.sight import Pixels, Plane, load_network, mask_of
from training.choice import spread
from training.dataset import list_split, read_photo
from training.prediction import Predictor
from training.sheet import draw_contact_sheet
from worker.model import Network

#: Of each kind.
PHOTOS = 12


def main() -> None:
    """Read the command line and draw: street photos, then garments."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.sheet", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="ONNX file; model.toml beside it")
    parser.add_argument("--data", type=Path, required=True, help="ccp/ and clothing/")
    parser.add_argument("--output", type=Path, required=True, help="PNG")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    network, predictor = load_network(arguments.model), Predictor.load(arguments.model)
    split = list_split(arguments.data, validation=True)
    photos = [person.photo for person in spread(split.people, PHOTOS)]
    photos += [garment.photo for garment in spread(split.garments, PHOTOS)]
    rgbs = [read_photo(photo) for photo in photos]
    alphas = [_alpha(rgb, network) for rgb in rgbs]
    answers = [predictor.predict(rgb) for rgb in rgbs]
    draw_contact_sheet(rgbs, answers, alphas, arguments.output)


def _alpha(rgb: Pixels, network: Network) -> Plane:
    mask = mask_of(rgb, network)
    if mask is None:
        return np.zeros(rgb.shape[:2], np.float32)
    return mask.astype(np.float32) / np.float32(255)


if __name__ == "__main__":
    main()
