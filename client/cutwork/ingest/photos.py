"""What a file is, as far as its name and its first bytes say."""

from __future__ import annotations

from typing import NamedTuple

#: The service takes no larger files.
MAX_BYTES = 5 * 1024 * 1024

_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM")
#: How many bytes of a file are enough to tell.
START = 8

#: People take files with these endings for photos, so it is reported if one of them cannot be sent.
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
    """Say why the service would refuse a file, as far as its size and its first bytes tell."""
    if size == 0:
        return Fault("MISSING_PARAMETERS", "The file is empty.")
    if not starts_like_one(start):
        return Fault("UNSUPPORTED_FILE_TYPES", "The file is no JPEG, PNG or BMP.")
    if size > MAX_BYTES:
        return Fault("FILE_SIZE_EXCEEDS_LIMIT", "The file has more than 5 MB.")
    return None
