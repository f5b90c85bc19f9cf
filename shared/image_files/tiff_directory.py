"""The first directory of a TIFF block: how EXIF keeps the orientation, and MPF its list of pictures.

Pillow reads these too, but answers damaged ones with warnings, which no thread can silence for itself alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress

ORIENTATION = 0x0112

#: Of one directory; cameras write some thirty.
_MOST_TAGS = 64
_FORMATS = {3: "H", 4: "I"}
#: So much lies in the entry itself.
_INLINE_BYTES = 4


def read_directory(block: bytes) -> dict[int, int]:
    """Read the tags that hold one SHORT or LONG; what is damaged or cut off is left out.

    Args:
        block: From the byte order mark (`II` or `MM`) on.
    """
    values: dict[int, int] = {}
    for tag, kind, length, at in _entries(block):
        if kind in _FORMATS and length == 1:
            (values[tag],) = struct.unpack_from(f"{byte_order(block)}{_FORMATS[kind]}", block, at)
    return values


def read_bytes(block: bytes, wanted: int) -> bytes:
    """Read a tag of bytes that lie elsewhere in the block; empty if there is none, or it is cut off."""
    for tag, _, length, at in _entries(block):
        if tag == wanted and length > _INLINE_BYTES:
            (offset,) = struct.unpack_from(f"{byte_order(block)}I", block, at)
            return block[offset : offset + length]
    return b""


def byte_order(block: bytes) -> str:
    """The order as `struct` writes it; empty if the block does not begin with one."""
    return {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4], "")


def _entries(block: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield tag, kind, number of values and the offset of the value field; ends where the block is cut off."""
    order = byte_order(block)
    if not order:
        return
    with suppress(struct.error):
        (offset,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, offset)
        for entry in range(offset + 2, offset + 2 + 12 * min(count, _MOST_TAGS), 12):
            tag, kind, length, _ = struct.unpack_from(f"{order}HHII", block, entry)
            yield tag, kind, length, entry + 8
