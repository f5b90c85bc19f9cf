"""JPEG files that hold several pictures (CIPA DC-007, "MPF"): which of the others are pictures of their own.

Phones and cameras store what serves the first picture behind it: a preview, a depth map, a gain map that says how
bright the first may shine on some screens. Such a file is one photo. Stereo pairs, panoramas and bursts are several.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from shared.image_files import jpeg_segments, tiff_directory

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
#: Phones store two or three that serve the first. Each may have to be walked through, in the front end: so longer lists
#: are not looked at, and are taken for a burst.
_MOST_SERVING = 8
#: Entries of a list that are looked at, and bytes of each picture: what it is stands at its beginning.
_MOST_ENTRIES = 64
_MOST_BYTES = 1 << 18
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


class _Other(NamedTuple):
    """The beginning of a picture of the list that is there."""

    kind: int
    content: bytes


class _Described(NamedTuple):
    """What a picture says of itself; 0 for what it does not say."""

    #: Or has one.
    is_gain_map: bool
    pixels: int
    channels: int


def has_equal_pictures(data: bytes, mark_at: int, block: bytes) -> bool:
    """Whether another picture of the file is one of its own, and nothing that serves the first.

    Args:
        data: The whole file.
        mark_at: Where its MPF block has the byte order mark.
        block: What follows from there.
    """
    others = list(islice(_others(data, mark_at, block), _MOST_SERVING + 1))
    if len(others) > _MOST_SERVING or any(other.kind in _MULTI_VIEW for other in others):
        return True
    unnamed = [other.content for other in others if other.kind == _UNDEFINED]
    if not unnamed:
        return False
    first = _describe(data)
    return not first.is_gain_map and any(_is_equal(_describe(other), first) for other in unnamed)


def _others(data: bytes, mark_at: int, block: bytes) -> Iterator[_Other]:
    for entry in _read_entries(block)[1:]:
        start = mark_at + entry.offset
        # Who shrinks photos often keeps the list and drops the pictures.
        if data.startswith(b"\xff\xd8\xff", start):
            yield _Other(entry.kind, data[start : start + min(entry.size, _MOST_BYTES)])


def _read_entries(block: bytes) -> list[_Entry]:
    order = tiff_directory.byte_order(block)
    raw = tiff_directory.read_bytes(block, _ENTRIES)[: _MOST_ENTRIES * _ENTRY_BYTES]
    return [
        _Entry(attribute & _TYPE_MASK, size, offset)
        for attribute, size, offset in struct.iter_unpack(
            f"{order}III4x", raw[: len(raw) - len(raw) % _ENTRY_BYTES]
        )
    ]


def _is_equal(other: _Described, first: _Described) -> bool:
    # A grey picture beside one in colours is a depth map, or a mask.
    is_grey_map = other.channels == 1 < first.channels
    return not other.is_gain_map and not is_grey_map and other.pixels >= _EQUAL_SHARE * first.pixels


def _describe(file: bytes) -> _Described:
    is_gain_map, pixels, channels = False, 0, 0
    with suppress(jpeg_segments.MalformedJpeg, struct.error):
        for segment in jpeg_segments.read_segments(file):
            if segment.marker in {jpeg_segments.APP1, jpeg_segments.APP2}:
                is_gain_map = is_gain_map or any(s in segment.content for s in _GAIN_MAP_SIGNS)
            elif segment.marker in jpeg_segments.FRAMES and not pixels:
                height, width, channels = struct.unpack_from(">HHB", segment.content, 1)
                pixels = height * width
    return _Described(is_gain_map, pixels, channels)
