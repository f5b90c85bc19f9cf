"""Photos that show no clothes: backgrounds for people and things, and examples without an answer.

Any folder of photos will do. Without one the network sees no other backgrounds than streets and bedrooms.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.data.augmentation import Sample
from training.data.dataset import read_photo
from training.labels import BACKGROUND

LONG_SIDE = 480
SUFFIXES = {".jpg", ".jpeg", ".webp"}
#: Of the short side, in pixels; less is an icon.
SHORTEST = 128


def read_scenes(folder: Path) -> list[Sample]:
    """Read all JPEG and WebP files under a folder, each background everywhere.

    Raises:
        OSError: One of them is no photo, or there is none.
    """
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)
    photos = [read_photo(file, LONG_SIDE) for file in files]
    scenes = [
        Sample(rgb=rgb, sets=np.full(rgb.shape[:2], 1 << BACKGROUND, np.uint16))
        for rgb in photos
        if min(rgb.shape[:2]) >= SHORTEST
    ]
    if not scenes:
        raise OSError(f"{folder} holds no photo of at least {SHORTEST} px")
    return scenes
