"""The header of a BMP, of every age: from OS/2 1.x to Windows' fifth version."""

from __future__ import annotations

import struct
from dataclasses import dataclass

#: The bytes before the header: "BM", the size of the file, two reserved words, and where the pixels begin.
FILE_HEADER_BYTES = 14

_CORE = 12
#: OS/2 2.x, cut short after the bits of a pixel: nothing that follows is needed.
_OS2_SHORT = 16
_INFO = 40
#: From this size on the masks are part of the header; before, they stand behind it.
_WITH_MASKS, _WITH_ALPHA_MASK = 52, 56
#: OS/2 2.x; its compressions 3 and 4 mean other things than Windows'.
_OS2 = 64
_SIZES = frozenset({_CORE, _OS2_SHORT, _INFO, _WITH_MASKS, _WITH_ALPHA_MASK, _OS2, 108, 124})

RAW, RLE8, RLE4, MASKS, _JPEG, _PNG, ALPHA_MASKS = range(7)
_DEPTHS = {
    RAW: (1, 2, 4, 8, 16, 24, 32),
    RLE8: (8,),
    RLE4: (4,),
    MASKS: (16, 32),
    ALPHA_MASKS: (16, 32),
}
_PALETTE_DEPTHS = (1, 2, 4, 8)
#: Red, green, blue and alpha of 16-bit pixels that say nothing of masks.
_MASKS_555 = (0x7C00, 0x03E0, 0x001F, 0)
_MASKS_888 = (0xFF0000, 0x00FF00, 0x0000FF, 0)


@dataclass(frozen=True, kw_only=True)
class BmpHeader:
    """How the pixels of a BMP are stored."""

    width: int
    height: int
    #: A pixel: 1, 2, 4, 8 with a palette; 16, 24, 32 with masks.
    bits: int
    #: RAW, RLE8 or RLE4: masks are said apart.
    compression: int
    #: Whether the last row is stored first, as is usual.
    is_bottom_up: bool
    #: Red, green, blue, alpha; 0 for a channel that is not stored.
    masks: tuple[int, int, int, int]
    #: Offset of the palette, the number of its colours, and the bytes of each.
    palette_at: int
    colours: int
    colour_bytes: int
    #: Offset of the pixels.
    pixels_at: int
    #: What there is no decoder for; empty if there is one.
    unsupported: str = ""


def read_bmp_header(data: bytes) -> BmpHeader:
    """Read the header.

    Raises:
        ValueError: It is not a BMP header.
        struct.error: It is cut off.
    """
    (pixels_at, size) = struct.unpack_from("<II", data, 10)
    if size not in _SIZES:
        raise ValueError("no such header")
    if size == _CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, FILE_HEADER_BYTES + 4)
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, FILE_HEADER_BYTES + 4)
    compression = colours = 0
    if size >= _INFO:
        (compression,) = struct.unpack_from("<I", data, 30)
        (colours,) = struct.unpack_from("<I", data, 46)
    unsupported = _why_unsupported(size, compression)
    if not unsupported and bits not in _DEPTHS.get(compression, ()):
        raise ValueError("no such depth")
    most_colours = 1 << bits if bits in _PALETTE_DEPTHS else 0
    masks, masks_behind = _masks(data, size, bits, compression)
    return BmpHeader(
        width=width,
        height=abs(height),
        bits=bits,
        compression=compression if compression in {RLE8, RLE4} else RAW,
        # A negative height says that the rows are stored from the top down.
        is_bottom_up=height >= 0,
        masks=masks,
        palette_at=FILE_HEADER_BYTES + size + masks_behind,
        colours=min(colours or most_colours, most_colours),
        colour_bytes=3 if size == _CORE else 4,
        pixels_at=pixels_at,
        unsupported=unsupported,
    )


def _why_unsupported(size: int, compression: int) -> str:
    if compression in {_JPEG, _PNG} and size != _OS2:
        return f"This BMP holds a {'JPEG' if compression == _JPEG else 'PNG'}"
    if compression > RLE4 and size == _OS2:
        return "This BMP is packed as OS/2 packs them"
    if compression > ALPHA_MASKS:
        return f"This BMP is packed in a way that is not supported ({compression})"
    return ""


def _masks(
    data: bytes, size: int, bits: int, compression: int
) -> tuple[tuple[int, int, int, int], int]:
    """The masks of the four channels, and how many bytes of them stand behind the header."""
    if compression not in {MASKS, ALPHA_MASKS}:
        return (_MASKS_555 if bits == 16 else _MASKS_888), 0  # noqa: PLR2004
    at = FILE_HEADER_BYTES + _INFO
    red, green, blue = struct.unpack_from("<III", data, at)
    has_alpha = size >= _WITH_ALPHA_MASK or compression == ALPHA_MASKS
    alpha = struct.unpack_from("<I", data, at + 12)[0] if has_alpha else 0
    behind = 0 if size >= _WITH_MASKS else 16 if compression == ALPHA_MASKS else 12
    return (red, green, blue, alpha), behind
