"""The marker segments of a JPEG, from its start to its first scan.

Enough to know the picture's size, its orientation and whether it is whole, without decoding anything.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

APP1 = 0xE1
APP2 = 0xE2
SOS = 0xDA
#: Start of frame: all of 0xC0 to 0xCF but the tables DHT, JPG and DAC.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

_EOI = 0xD9
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


def read_segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments in order; the last one is the first start of scan.

    Segments are skipped by their length: the EXIF one may hold a whole JPEG, the thumbnail.

    Raises:
        MalformedJpeg: The data end, or the picture does, before a scan begins.
    """
    position = 2
    for _ in range(_MAX_SEGMENTS):
        start = data.find(b"\xff", position)  # what is not a marker is skipped, as libjpeg does
        marker_at = start
        while marker_at >= 0 and data[marker_at : marker_at + 1] == b"\xff":
            marker_at += 1
        if start < 0 or marker_at >= len(data) or data[marker_at] == _EOI:
            break
        segment = _read_segment(data, start, marker_at)
        yield segment
        if segment.marker == SOS:
            return
        position = segment.end
    raise MalformedJpeg("no scan")


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
