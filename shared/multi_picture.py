"""JPEG files that hold several pictures (CIPA DC-007, "MPF"): which of the others are pictures of their own.

Phones and cameras store what serves the first picture behind it: a preview, a depth map, a gain map that says how
bright the first may shine on some screens. Such a file is one photo. Stereo pairs, panoramas and bursts are several.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from shared import jpeg_segments, tiff_directory

PREFIX = b"MPF\0"

_ENTRIES = 0xB002
_ENTRY_BYTES = 16
#: The lower three bytes of an entry's attribute: what kind of picture it is.
_TYPE_MASK = 0xFFFFFF
_UNDEFINED = 0
#: Panorama, disparity (stereo), multi-angle: pictures of equal rank by what the file says of them.
_MULTI_VIEW = range(0x020000, 0x030000)
#: A picture of undefined kind with so much of the first one's pixels is no preview.
_EQUAL_SHARE = 0.9
#: What a gain map says of itself: in XMP (Ultra HDR, in whatever quotes, or as an element), by ISO 21496-1, by Apple.
_GAIN_MAP_SIGNS = (
    b"http://ns.adobe.com/hdr-gain-map/",
    b"hdrgm:Version",
    b"urn:iso:std:iso:ts:21496:-1",
    b"HDRGainMap",
    b"urn:com:apple:photo:2020:aux:hdrgainmap",
)


class _Entry(NamedTuple):
    kind: int
    size: int
    #: From the byte order mark of the MPF block.
    offset: int


def has_equal_pictures(data: bytes, block_at: int, block: bytes) -> bool:
    """Whether another picture of the file is one of its own, and nothing that serves the first.

    Args:
        data: The whole file.
        block_at: Offset of the byte order mark of the MPF block in it.
        block: The block, from that mark on.
    """
    first, *others = _read_entries(block) or [_Entry(_UNDEFINED, 0, 0)]
    del first
    for entry in others:
        start = block_at + entry.offset
        # Who shrinks photos often keeps the list and drops the pictures.
        if not data.startswith(b"\xff\xd8\xff", start):
            continue
        if entry.kind in _MULTI_VIEW:
            return True
        if entry.kind == _UNDEFINED and _is_equal(data, data[start : start + entry.size]):
            return True
    return False


def _read_entries(block: bytes) -> list[_Entry]:
    order = tiff_directory.byte_order(block)
    raw = tiff_directory.read_bytes(block, _ENTRIES)
    return [
        _Entry(attribute & _TYPE_MASK, size, offset)
        for attribute, size, offset in struct.iter_unpack(
            f"{order}III4x", raw[: len(raw) - len(raw) % _ENTRY_BYTES]
        )
    ]


def _is_equal(data: bytes, other: bytes) -> bool:
    if any(
        sign in content
        for file in (data, other)
        for content in _texts(file)
        for sign in _GAIN_MAP_SIGNS
    ):
        return False
    return _pixels(other) >= _EQUAL_SHARE * _pixels(data)


def _texts(file: bytes) -> Iterator[bytes]:
    """The segments in which a gain map would say that it is one."""
    try:
        for segment in jpeg_segments.read_segments(file):
            if segment.marker in {jpeg_segments.APP1, jpeg_segments.APP2}:
                yield segment.content
    except jpeg_segments.MalformedJpeg:
        return


def _pixels(file: bytes) -> int:
    try:
        for segment in jpeg_segments.read_segments(file):
            if segment.marker in jpeg_segments.FRAMES:
                height, width = struct.unpack_from(">HH", segment.content, 1)
                return int(height * width)
    except (jpeg_segments.MalformedJpeg, struct.error):
        pass
    return 0
