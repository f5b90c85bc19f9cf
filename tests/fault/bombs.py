"""Small files that are large, or much work, to whoever believes them."""

from __future__ import annotations

import re
import struct
import zlib

from PIL import Image

from tests.files.png import PASSES
from tests.pictures import encoded, jpeg, photo, png_chunk
from worker.imaging.png_samples import CHANNELS

_MEGABYTE = 1 << 20
_LIMIT_BYTES = 5 * _MEGABYTE


def text_bomb() -> bytes:
    """A comment of 50 MB in 70 KB."""
    return _png_with(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50 * _MEGABYTE), 9))


def profile_bomb() -> bytes:
    """A colour profile of 50 MB in 70 KB."""
    return _png_with(b"iCCP", b"icc\0\0" + zlib.compress(bytes(50 * _MEGABYTE), 9))


def row_bomb() -> bytes:
    """A PNG of a legal size whose rows go on for 200 MB."""
    whole = encoded(photo(96, 96))
    start = whole.index(b"IDAT") - 4
    rows = zlib.compress(bytes(200 * _MEGABYTE), 1)
    return whole[:start] + png_chunk(b"IDAT", rows) + whole[-12:]


def large_png(colour: int, bits: int, chunks: dict[bytes, bytes], *, is_interlaced: bool) -> bytes:
    """Nine million pixels of any kind, in half a megabyte."""
    side, pattern = 2990, bytes(range(256)) * 100
    head = struct.pack(">IIBBBBB", side, side, bits, colour, 0, 0, int(is_interlaced))
    packer, packed = zlib.compressobj(1), b""
    for left, top, across, down in PASSES if is_interlaced else [(0, 0, 1, 1)]:
        width, height = len(range(left, side, across)), len(range(top, side, down))
        length = width * bits * CHANNELS[colour] // 8
        for row in range(height):
            packed += packer.compress(bytes([row % 5]) + pattern[row % 250 :][:length])
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", head),
            *(png_chunk(name, content) for name, content in chunks.items()),
            png_chunk(b"IDAT", packed + packer.flush()),
            png_chunk(b"IEND", b""),
        ]
    )


def scan_bomb(*, hidden_end: bool = False) -> bytes:
    """A progressive JPEG of 5 MB that goes over nine million pixels two hundred thousand times.

    Args:
        hidden_end: A comment before the scans holds an end marker, to deceive who looks for one.
    """
    whole = jpeg(Image.new("RGB", (2990, 2990), (200, 100, 50)), progressive=True, quality=30)
    starts = [match.start() for match in re.finditer(b"\xff\xda", whole)]
    ends = [*starts[1:], len(whole) - 2]
    scan = min((whole[start:end] for start, end in zip(starts, ends, strict=True)), key=len)
    comment = b"\xff\xfe\x00\x04\xff\xd9" if hidden_end else b""
    room = (_LIMIT_BYTES - len(whole) - len(comment)) // len(scan)
    return whole[:-2] + comment + scan * room + whole[-2:]


def _png_with(name: bytes, content: bytes) -> bytes:
    whole = encoded(photo(96, 96))
    after_header = 8 + 4 + 4 + 13 + 4
    return whole[:after_header] + png_chunk(name, content) + whole[after_header:]
