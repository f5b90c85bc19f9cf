"""What a file is, before anything is sent."""

from __future__ import annotations

from typing import NamedTuple

#: The contract's limit.
MAX_BYTES = 5 * 1024 * 1024

_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM")
#: So many bytes tell.
START = 8

#: Whoever has such files in a folder takes them for photos, and wants to know that one was not taken.
_ENDINGS = frozenset(
    b"jpg jpeg jpe jfif png bmp dib gif webp tif tiff heic heif avif jxl jp2 mpo psd svg "
    b"cr2 cr3 nef arw dng raf orf rw2".split()
)


class Fault(NamedTuple):
    """Why a file is not sent, in the service's code."""

    code: str
    message: str


def is_named_like_one(name: bytes) -> bool:
    """Tell whether a file's name says that it is a picture."""
    return name.rpartition(b".")[2].lower() in _ENDINGS


def starts_like_one(start: bytes) -> bool:
    """Tell whether a file's first bytes are those of a JPEG, PNG or BMP."""
    return start.startswith(_STARTS)


def fault_in(size: int, start: bytes) -> Fault | None:
    """Say what the service would refuse a file for, as far as that can be told without reading it."""
    if size == 0:
        return Fault("MISSING_PARAMETERS", "The file is empty.")
    if not starts_like_one(start):
        return Fault("UNSUPPORTED_FILE_TYPES", "The file is no JPEG, PNG or BMP.")
    if size > MAX_BYTES:
        return Fault("FILE_SIZE_EXCEEDS_LIMIT", "The file has more than 5 MB.")
    return None
