"""Pixels to the bytes of a file. A new format is a value of `Format` and an encoder here."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from shared.wire.rendition import Format
from worker.imaging.picture import Picture
from worker.imaging.png_encoding import encode_png

#: A picture, and a quality from 1 to 100, to a file.
Encoder = Callable[[Picture, int], bytes]

#: Of those of Pillow: libwebp's and libaom's slower ones take several times the time for a tenth of the bytes.
_WEBP_METHOD, _AVIF_SPEED = 2, 9
#: Without loss, libwebp's `quality` is how hard it tries.
_EFFORT = 20


def encode(picture: Picture, picture_format: Format, quality: int) -> bytes:
    """Write a picture."""
    return _ENCODERS[picture_format](picture, quality)


def _png(picture: Picture, _: int) -> bytes:
    return encode_png(picture)


def _webp(picture: Picture, quality: int) -> bytes:
    """Write masks, which are grey, without loss: they are smaller so, too."""
    if len(picture.ground) == 1:
        return _written(picture, "WEBP", lossless=True, quality=_EFFORT, method=1)
    return _written(picture, "WEBP", quality=quality, method=_WEBP_METHOD)


def _jpeg(picture: Picture, quality: int) -> bytes:
    """Write colours as fine as brightness: white stays white but in blocks of 8 × 8 pixels that hold an edge."""
    return _written(picture, "JPEG", quality=quality, subsampling="4:4:4")


def _avif(picture: Picture, quality: int) -> bytes:
    return _written(picture, "AVIF", quality=quality, speed=_AVIF_SPEED, max_threads=1)


def _written(picture: Picture, name: str, **how: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture.whole()).save(file, name, **how)
    return file.getvalue()


_ENCODERS: Mapping[Format, Encoder] = {
    Format.PNG: _png,
    Format.WEBP: _webp,
    Format.JPEG: _jpeg,
    Format.AVIF: _avif,
}
