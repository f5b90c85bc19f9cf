"""One file, and what is right for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from shared.errors import ErrorCode
from tests.pictures import photo

UNSUPPORTED = ErrorCode.UNSUPPORTED_FILE_TYPES
DAMAGED = ErrorCode.FILE_DECODING_FAILURE


@dataclass(frozen=True)
class File:
    """One row of the table."""

    #: Makes the bytes.
    make: Callable[[], bytes]
    #: What the decoded photo looks like; None: it is refused.
    looks_like: Callable[[], Image.Image] | None = None
    #: The mean difference that lossy coding may make, in levels of 255.
    tolerance: float = 0.0
    code: ErrorCode | None = None
    #: What the message has to say.
    words: str = ""


def refused(code: ErrorCode, make: Callable[[], bytes], words: str = "") -> File:
    return File(make, code=code, words=words)


def taken(
    make: Callable[[], bytes],
    looks_like: Callable[[], Image.Image] = photo,
    tolerance: float = 0.0,
) -> File:
    return File(make, looks_like, tolerance)
