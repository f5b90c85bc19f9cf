"""What pictures are called."""

from __future__ import annotations

import os
from pathlib import Path

from cutwork.errors import Unreachable
from cutwork.jobs import Picture

_ENDINGS = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpg", "image/avif": "avif"}


def name_of(stem: str, picture: Picture, kind: str, plain: str = "") -> str:
    """Name a picture: `photo.tops.mask.png`.

    Args:
        stem: The photo's name without its ending.
        picture: Which one of the photo's.
        kind: Its type, such as `image/png`.
        plain: The form that need not be said.

    Raises:
        Unreachable: What came is no picture.
    """
    if not f"{picture.form}{picture.category}".isalnum():
        raise Unreachable("The result is called what no picture can be called.")
    if kind not in _ENDINGS:
        raise Unreachable(f"The result is no picture, but {kind!a}.")
    form = "" if picture.form == plain else picture.form
    return ".".join(part for part in (stem, picture.category, form, _ENDINGS[kind]) if part)


def raw(path: str | Path) -> bytes:
    """Write a name as it is on the disk, for other programs."""
    return os.fsencode(path)


def readable(path: str | Path) -> str:
    """Write a name for people, with the bytes that are no text as numbers."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
