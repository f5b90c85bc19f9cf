"""Photos as bytes, of exactly the size a test wants."""

from __future__ import annotations

import io

from PIL import Image


def photo(width: int = 64, height: int = 64, form: str = "PNG", **options: object) -> bytes:
    """Encode a grey photo."""
    encoded = io.BytesIO()
    Image.new("RGB", (width, height), (90, 90, 90)).save(encoded, form, **options)
    return encoded.getvalue()


def padded(size: int) -> bytes:
    """Encode a photo whose file has exactly `size` bytes; what follows a BMP's pixels is ignored."""
    return photo(form="BMP").ljust(size, b"\0")
