"""Files of 5 MB that are much work to whoever looks at all of them, and the count of that work."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from shared.wire.contract import MAX_IMAGE_BYTES
from tests.files.multi_picture import mpf
from tests.pictures import jpeg, photo, png_chunk, png_header, with_segment


def steps_of(function: Callable[[], object]) -> int:
    """Count the lines that are run."""
    steps = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal steps
        steps += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        function()
    finally:
        sys.settrace(before)
    return steps


def filled(piece: bytes, at_most: int = 10**9) -> bytes:
    """A JPEG with so many copies of something behind its start as may be sent."""
    whole = jpeg()
    count = min((MAX_IMAGE_BYTES - len(whole)) // len(piece), at_most)
    return whole[:2] + piece * count + whole[2:]


def segment(marker: int, content: bytes) -> bytes:
    return with_segment(bytes(2), marker, content)[2:]


def list_of_pictures() -> bytes:
    entries = struct.pack(">III4x", 0, 100, 0x7FFFFFFF) * 4080
    directory = struct.pack(">HHHIII", 1, 0xB002, 7, len(entries), 26, 0)
    return b"MPF\0MM\0*\0\0\0\x08" + directory + entries


def directory_of_tags() -> bytes:
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", 5400) + struct.pack(">HHII", 1, 3, 1, 0) * 5400


def picture_of_segments() -> bytes:
    return b"\xff\xd8" + (b"\xff" * 2200 + segment(0xE1, b"A" * 60)[1:]) * 1990 + jpeg()[2:]


def one_picture_eight_times() -> bytes:
    """A list whose entries all name the same large picture."""
    large = picture_of_segments()
    listed = mpf(jpeg(photo(60, 60)), [(0, large)] * 8)
    entries_at = listed.index(b"MPF\0") + 4 + 8 + 2 + 3 * 12 + 4
    first = listed[entries_at + 16 : entries_at + 32]
    listed = listed[: entries_at + 16] + first * 8 + listed[entries_at + 16 * 9 :]
    return listed[: -7 * len(large)]


HOSTILE: dict[str, Callable[[], bytes]] = {
    "fill bytes before one segment": lambda: filled(b"\xff", MAX_IMAGE_BYTES - 100_000),
    "fill bytes before each of many segments": lambda: filled(b"\xff" * 2400 + segment(0xFE, b"")),
    "bytes that are no marker": lambda: filled(segment(0xFE, b"") + b"\0" * 2500 + b"\xff" * 100),
    "empty segments": lambda: filled(segment(0xE5, b"")),
    "lists of pictures": lambda: filled(segment(0xE2, list_of_pictures())),
    "lists of pictures, of many tags": lambda: filled(
        segment(0xE2, b"MPF\0" + directory_of_tags()[:65_000])
    ),
    "EXIF of many tags": lambda: filled(segment(0xE1, b"Exif\0\0" + directory_of_tags())),
    "eight pictures of many segments, which are one": one_picture_eight_times,
    "chunks before the pixels": lambda: (
        png_header(100, 100)[:33] + png_chunk(b"tEXt", b"") * (MAX_IMAGE_BYTES // 12 - 10)
    ),
    "chunks of pixels": lambda: (
        png_header(100, 100) + png_chunk(b"IDAT", b"") * (MAX_IMAGE_BYTES // 12 - 10)
    ),
}
