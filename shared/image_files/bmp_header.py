"""The header of a BMP, of every age: from OS/2 1.x to Windows' fifth version."""

from __future__ import annotations

import struct
from dataclasses import dataclass

#: The bytes before the header: "BM", the size of the file, two reserved words, and where the pixels begin.
FILE_HEADER_BYTES = 14

_CORE = 12
_INFO = 40
#: From this size on the masks are part of the header; before, they stand behind it.
_WITH_MASKS, _WITH_ALPHA_MASK = 52, 56
_V4, _V5 = 108, 124
#: OS/2 2.x: cut short anywhere behind the bits of a pixel, and what is left out is 0. Compressions 3 and 4 mean other
#: things than Windows'.
_OS2 = frozenset(range(16, 65)) - {_INFO, _WITH_MASKS, _WITH_ALPHA_MASK}
_SIZES = _OS2 | {_CORE, _INFO, _WITH_MASKS, _WITH_ALPHA_MASK, _V4, _V5}
#: Up to its number of colours.
_INFO_LAYOUT = struct.Struct("<IiiHHI12xI")

RAW, RLE8, RLE4, MASKS, _JPEG, _PNG, ALPHA_MASKS = range(7)
_DEPTHS = {
    RAW: (1, 2, 4, 8, 16, 24, 32),
    RLE8: (8,),
    RLE4: (4,),
    MASKS: (16, 32),
    ALPHA_MASKS: (16, 32),
}
#: Depths that some program writes; what has another one is damaged.
_KNOWN_DEPTHS = frozenset({*_DEPTHS[RAW], 64})
#: Where the fifth version names the kind of its colours, and a profile's offset from the header and its size.
_COLOUR_KIND_AT, _PROFILE_AT = FILE_HEADER_BYTES + 56, FILE_HEADER_BYTES + 112
_EMBEDDED = b"DEBM"
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
    compression = colours = 0
    if size == _CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, FILE_HEADER_BYTES + 4)
    else:
        head = data[FILE_HEADER_BYTES : FILE_HEADER_BYTES + min(size, _INFO_LAYOUT.size)]
        if len(head) < min(size, _INFO_LAYOUT.size):
            raise ValueError("cut off in its header")
        _, width, height, _, bits, compression, colours = _INFO_LAYOUT.unpack(
            head.ljust(_INFO_LAYOUT.size, b"\0")
        )
    unsupported = _why_unsupported(size, compression, bits)
    most_colours = 1 << bits if bits in _PALETTE_DEPTHS else 0
    masks, masks_behind = _masks(data, size, bits, compression)
    palette_at = FILE_HEADER_BYTES + size + masks_behind
    colour_bytes = 3 if size == _CORE else 4
    counted = min(colours, most_colours)
    # A palette whose colours are not counted has one at least.
    least = counted or min(most_colours, 1)
    if 0 < pixels_at < palette_at + least * colour_bytes and not unsupported:
        raise ValueError("pixels within its header")
    return BmpHeader(
        width=width,
        height=abs(height),
        bits=bits,
        compression=compression if compression in {RLE8, RLE4} else RAW,
        # A negative height says that the rows are stored from the top down.
        is_bottom_up=height >= 0,
        masks=masks,
        palette_at=palette_at,
        colours=counted or most_colours,
        colour_bytes=colour_bytes,
        # 0 leaves it to the header.
        pixels_at=pixels_at or palette_at + (counted or most_colours) * colour_bytes,
        unsupported=unsupported,
    )


def _why_unsupported(size: int, compression: int, bits: int) -> str:
    if compression in {_JPEG, _PNG} and size not in _OS2:
        return f"This BMP holds a {'JPEG' if compression == _JPEG else 'PNG'}"
    if compression > RLE4 and size in _OS2:
        return "This BMP is packed as OS/2 packs them"
    if compression > ALPHA_MASKS:
        return f"This BMP is packed in a way that is not supported ({compression})"
    if bits in _DEPTHS[compression]:
        return ""
    if bits not in _KNOWN_DEPTHS:
        raise ValueError("no such depth")
    way = f", packed in way {compression}" if compression else ""
    return f"This is a BMP of {bits} bits a pixel{way}, which is not supported"


def read_profile(data: bytes) -> bytes:
    """Read the ICC profile that a BMP of the fifth version may hold; empty without one, or if it is cut off."""
    (size,) = struct.unpack_from("<I", data, FILE_HEADER_BYTES)
    if size != _V5 or not data.startswith(_EMBEDDED, _COLOUR_KIND_AT):
        return b""
    offset, length = struct.unpack_from("<II", data, _PROFILE_AT)
    profile = data[FILE_HEADER_BYTES + offset :][:length]
    return profile if len(profile) == length else b""


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
