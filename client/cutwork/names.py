"""What pictures are called: `photo.cutout.png`, `photo.tops.mask.png`.

docs/reference/api.md tells it; the service calls its downloads so, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
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
        plain: The form that stands in no name; only folders that an earlier release began have one.

    Raises:
        Unreachable: What came is no picture.
    """
    if not f"{picture.form}{picture.category}".isalnum():
        raise Unreachable("The result is called what no picture can be called.")
    if kind not in _ENDINGS:
        raise Unreachable(f"The result is no picture, but {kind!a}.")
    return f"{stem}{_end(picture.category, picture.form, plain)}.{_ENDINGS[kind]}"


def between(categories: Iterable[str], forms: Iterable[str], plain: str = "") -> set[str]:
    """List what can stand between the stems of two photos that would write one picture: nothing, or `.tops`, say."""
    ends = {_end(category, form, plain) for category in ("", *categories) for form in forms}
    return {end.removesuffix(other) for end in ends for other in ends if end.endswith(other)}


def raw(path: str | Path) -> bytes:
    """Write a name as it is on the disk, for other programs."""
    return os.fsencode(path)


def readable(path: str | Path) -> str:
    """Write a name for people, with the bytes that are no text as numbers."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _end(category: str, form: str, plain: str) -> str:
    return "".join(f".{part}" for part in (category, form) if part and part != plain)
