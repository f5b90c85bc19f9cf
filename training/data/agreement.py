"""Finds garment masks that the half-trained network disagrees with.

A mask is made of one photo's colours, the network has seen all photos: where both agree, the mask is kept. About one
mask in ten is only the print on a shirt, or lacks its sleeves, and would teach holes.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

import cv2
import numpy as np

from training.data.augmentation import Sample
from training.data.mixing import Mixture
from training.metrics import is_clothing, overlap
from training.prediction import Predictor

_log = logging.getLogger("training")

#: A mask is dropped if its IoU with what the network takes for clothing, of any category, is lower.
LEAST_OVERLAP = 0.75
LONG_SIDE = 256


def find_disagreements(teacher: Predictor, mixture: Mixture, file: Path) -> list[int]:
    """List the garments whose mask the network disagrees with, by place in the mixture.

    Args:
        teacher: The half-trained network.
        mixture: Whose garments are looked at.
        file: Where the list is kept, so that a run that goes on sees the same masks.
    """
    if file.is_file():
        kept: list[int] = json.loads(file.read_text(encoding="utf-8"))
        return kept
    teacher = teacher.at(LONG_SIDE)
    indices = [
        int(index)
        for value, which in mixture.pieces.items()
        for index in which
        if _overlap(teacher, mixture.garments[index], value) < LEAST_OVERLAP
    ]
    masks = sum(len(which) for which in mixture.pieces.values())
    _log.info("%d of %d masks dropped: the network disagrees", len(indices), masks)
    file.write_text(json.dumps(sorted(indices)), encoding="utf-8")
    return sorted(indices)


def _overlap(teacher: Predictor, sample: Sample, class_set: int) -> float:
    answer = teacher.logits_of(sample.rgb).argmax(axis=0).astype(np.uint8)
    size = (answer.shape[1], answer.shape[0])
    mask = cv2.resize(
        (sample.sets == class_set).astype(np.float32), size, interpolation=cv2.INTER_AREA
    )
    return overlap(is_clothing(answer), mask > 0.5)  # noqa: PLR2004 - half covered
