"""The marker segments of a JPEG, and where its scans end, without decoding anything."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

APP1 = 0xE1
APP2 = 0xE2
SOS = 0xDA
#: Start of frame: all of 0xC0 to 0xCF but the tables DHT, JPG and DAC.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

_EOI = 0xD9
_NO_FILL = re.compile(rb"[^\xff]", re.DOTALL)
#: What ends the data of a scan: not an escaped 0xFF, nor a restart.
_END_OF_SCAN = re.compile(rb"\xff[^\xff\x00\xd0-\xd7]", re.DOTALL)
#: The length of a segment counts these two bytes of its own.
_LENGTH_BYTES = 2
#: RST0 to RST7, SOI and TEM have no length and no content.
_WITHOUT_CONTENT = frozenset({*range(0xD0, 0xD9), 0x01})
#: Real photos have some dozens, most of them for an ICC profile or a large XMP packet. Without a limit
#: 5 MB of empty segments would be 1.3 million steps in the front end.
_MAX_SEGMENTS = 2000


class MalformedJpeg(ValueError):
    """Raised when there is no scan to be reached."""


class Segment(NamedTuple):
    """One marker with its content."""

    marker: int
    #: Without the two bytes of the length.
    content: bytes
    #: Offset of the 0xFF before the marker.
    start: int
    #: Offset of the first byte after the content.
    end: int


def read_segments(data: bytes, position: int = 2) -> Iterator[Segment]:
    """Yield the segments from a position on, in order; the last one is the first start of scan there.

    Segments are skipped by their length: the EXIF one may hold a whole JPEG, the thumbnail.

    Raises:
        MalformedJpeg: The data end, or the picture does, before a scan begins.
    """
    for _ in range(_MAX_SEGMENTS):
        # What is not a marker is skipped, as libjpeg does; any number of fill bytes may stand before one.
        start = data.find(b"\xff", position)
        marker = _NO_FILL.search(data, start) if start >= 0 else None
        if marker is None or data[marker.start()] == _EOI:
            break
        segment = _read_segment(data, start, marker.start())
        yield segment
        if segment.marker == SOS:
            return
        position = segment.end
    raise MalformedJpeg("no scan")


def find_end_of_scan(data: bytes, position: int) -> int:
    """Find the offset of the marker that ends the scan whose data begin here; the end of the data if none does."""
    found = _END_OF_SCAN.search(data, position)
    return len(data) if found is None else found.start()


def _read_segment(data: bytes, start: int, marker_at: int) -> Segment:
    marker = data[marker_at]
    content_at = marker_at + 1
    if marker in _WITHOUT_CONTENT or marker == 0:
        return Segment(marker, b"", start, content_at)
    try:
        (length,) = struct.unpack_from(">H", data, content_at)
    except struct.error:
        raise MalformedJpeg("cut in a segment's length") from None
    end = content_at + length
    if length < _LENGTH_BYTES or end > len(data):
        raise MalformedJpeg("a segment longer than the data")
    return Segment(marker, data[content_at + _LENGTH_BYTES : end], start, end)
