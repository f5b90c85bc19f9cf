"""How far answers to one question lie apart, sample by sample: a hint at where the difference was made.

Files are no measure: once in some ten thousand pictures ISA-L's deflate packs the same samples in other bytes, which it
is asked about in https://github.com/intel/isa-l/issues/140.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def contrast(pngs: list[bytes]) -> str:
    """Hold all pictures against the first one, and say in words how different they are; nothing if they are not."""
    first, *others = (_samples(png) for png in pngs)
    if any(other.shape != first.shape for other in others):
        return f"of different shapes: {sorted({samples.shape for samples in (first, *others)})}"
    apart = np.abs(np.stack(others) - first)
    if not apart.any():
        return ""
    return (
        f"a sample differs by {apart.max()} at most, "
        f"{np.count_nonzero(apart.max(axis=0))} of {first.size} samples differ"
    )


def _samples(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        return np.asarray(image, dtype=np.int64)
