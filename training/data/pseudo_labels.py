"""Labels for photos of which only words are known: the half-trained network's answers, held to those words.

A photo's words say which classes it can contain. The network may answer with those alone, and each pixel gets the
smallest set of them that the network gives most of the chance: one class where it is sure, several where it
is not, which `training.losses` then leaves open.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from training.data.dataset import Pixels, read_photo
from training.labels import ClassSets, smallest_sets
from training.prediction import Predictor

_log = logging.getLogger("training")

LONG_SIDE = 432
#: How many times finer labels are than the network's answer: coarser ones would show steps at the photo's size.
FINER = 2
THREADS = 2
REPORT_EVERY_PHOTOS = 200


def label_photos(
    teacher: Predictor, photos: list[tuple[Path, int]], cache: Path
) -> dict[str, ClassSets]:
    """Label many photos, at half of `LONG_SIDE`.

    Args:
        teacher: The half-trained network.
        photos: Each with the set of classes that it may contain.
        cache: A folder; labels found before are read from there, so that a run that goes on sees the same.

    Returns:
        The photo's stem → its labels.
    """
    cache.mkdir(parents=True, exist_ok=True)
    teacher = teacher.at(LONG_SIDE).looking_twice()
    labels: dict[str, ClassSets] = {}
    with ThreadPoolExecutor(max_workers=THREADS) as threads:
        found = threads.map(lambda p: _label_or_read(teacher, p[0], p[1], cache), photos)
        for (photo, _), sets in zip(photos, found, strict=True):
            labels[photo.stem] = sets
            if len(labels) % REPORT_EVERY_PHOTOS == 0:
                _log.info("%d of %d photos labelled", len(labels), len(photos))
    return labels


def _label_or_read(teacher: Predictor, photo: Path, allowed: int, cache: Path) -> ClassSets:
    file = cache / f"{photo.stem}.png"
    if not file.is_file():
        cv2.imwrite(str(file), label(teacher, read_photo(photo, LONG_SIDE), allowed))
    return np.asarray(cv2.imread(str(file), cv2.IMREAD_UNCHANGED), np.uint16)


def label(teacher: Predictor, rgb: Pixels, allowed: int) -> ClassSets:
    """Label one photo (H, W, 3): (h, w), half of the network's input."""
    logits = teacher.logits_of(rgb)
    fine = [cv2.resize(plane, None, fx=FINER, fy=FINER) for plane in logits]
    return smallest_sets(np.asarray(fine, np.float32), allowed)
