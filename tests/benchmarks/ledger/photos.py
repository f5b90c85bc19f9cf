"""The photos of the ledger: a person in an orange suit (NASA, public domain), in three sizes."""

from __future__ import annotations

import io
from collections.abc import Mapping

from PIL import Image
from skimage import data

#: Width, height.
SIZES: Mapping[str, tuple[int, int]] = {
    "0.5 MP": (600, 800),
    "3 MP": (1500, 2000),
    "9 MP": (2999, 2999),
}


def write_photo(size: str) -> bytes:
    """Write one as a JPEG."""
    photo = Image.fromarray(data.astronaut()).resize(SIZES[size], Image.Resampling.BICUBIC)
    written = io.BytesIO()
    photo.save(written, "JPEG", quality=90)
    return written.getvalue()
