"""Cut-outs of things that are not clothes: their pixels are background.

Any folder of PNG files with an alpha channel will do. Without one the network sees only garments on plain
backgrounds, and takes a cup there for a hat.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.data.augmentation import Sample
from training.data.dataset import shrink
from training.labels import ANY, BACKGROUND

LONG_SIDE = 256
#: Files with these words in their path are left out: they show clothes, people, or drawn signs.
LEFT_OUT = (
    "clothes", "people", "santa", "stocking", "hat.png", "helmet_", "spacewalk", "astronaut",
    "alphabets", "math", "shapes", "flags", "symbols/music", "00_symbols",
)  # fmt: skip
#: A pixel belongs to the thing from this alpha on, of 255.
OPAQUE = 128


def read_things(folder: Path) -> list[Sample]:
    """Read all cut-outs under a folder; each is background where it is opaque, and says nothing elsewhere.

    Raises:
        OSError: There is none.
    """
    files = sorted(
        file
        for file in folder.rglob("*.png")
        if not any(word in file.relative_to(folder).as_posix() for word in LEFT_OUT)
    )
    things = [thing for thing in map(_read_thing, files) if thing]
    if not things:
        raise OSError(f"{folder} holds no PNG file with an alpha channel")
    return things


def _read_thing(file: Path) -> Sample | None:
    bgra = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if bgra is None or bgra.shape[2:] != (4,) or bgra.dtype != np.uint8:
        return None
    small = shrink(np.asarray(bgra, np.uint8), LONG_SIDE)
    opaque = small[:, :, 3] >= OPAQUE
    return Sample(
        rgb=np.ascontiguousarray(small[:, :, 2::-1]),
        sets=np.where(opaque, 1 << BACKGROUND, ANY).astype(np.uint16),
    )
