"""The first directory of a TIFF block: how EXIF keeps the orientation, and MPF the number of pictures.

Pillow reads these too, but answers damaged ones with warnings, which no thread can silence for itself alone.
"""

from __future__ import annotations

import struct

ORIENTATION = 0x0112
NUMBER_OF_PICTURES = 0xB001

_FORMATS = {3: "H", 4: "I"}


def read_directory(block: bytes) -> dict[int, int]:
    """Read the tags that hold one SHORT or LONG; what is damaged or cut off is left out.

    Args:
        block: From the byte order mark (`II` or `MM`) on.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    values: dict[int, int] = {}
    if order is None:
        return values
    try:
        (offset,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, offset)
        for entry in range(offset + 2, offset + 2 + 12 * count, 12):
            tag, kind, length = struct.unpack_from(f"{order}HHI", block, entry)
            if kind in _FORMATS and length == 1:
                (values[tag],) = struct.unpack_from(f"{order}{_FORMATS[kind]}", block, entry + 8)
    except struct.error:
        return values
    return values
