"""BMPs of every age."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.files.colour import linear_light
from tests.files.file import DAMAGED, UNSUPPORTED, File, refused, taken
from tests.files.icc import matrix_profile
from tests.pictures import encoded, photo


def bmp(
    pixels: NDArray[np.unsignedinteger[np.typing.NBitBase]],
    *,
    masks: tuple[int, ...] = (),
    header_bytes: int = 40,
    compression: int | None = None,
    top_down: bool = False,
) -> bytes:
    """A BMP of words, (H, W) of 16 or 32 bits, or of colours, (H, W, 3)."""
    height, width = pixels.shape[:2]
    bits = 24 if pixels.ndim == 3 else pixels.dtype.itemsize * 8
    lines = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    lines = lines if top_down else lines[::-1]
    body = b"".join(row.tobytes() + bytes(-len(row.tobytes()) % 4) for row in lines)
    if header_bytes == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        packed = (3 if masks else 0) if compression is None else compression
        head = struct.pack(
            *("<IiiHHIIiiII", header_bytes, width, -height if top_down else height, 1, bits),
            *(packed, len(body), 2835, 2835, 0, 0),
        )
        within = struct.pack(f"<{len(masks)}I", *masks)
        head = (head + within).ljust(header_bytes if header_bytes > 40 else 0, b"\0")
        head = head if masks else head[:header_bytes]
    offset = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", offset + len(body), 0, 0, offset) + head + body


def bmp_with_profile(profile: bytes, kind: bytes = b"DEBM") -> bytes:
    """A BMP of the fifth version, with something of a profile behind the pixels."""
    data = bytearray(bmp(np.asarray(photo()), header_bytes=124))
    data[14 + 56 : 14 + 60] = kind
    struct.pack_into("<II", data, 14 + 112, len(data) - 14, len(profile))
    return bytes(data) + profile


def with_pixels_at(data: bytes, offset: int) -> bytes:
    """Let a BMP say that its pixels begin there."""
    return data[:10] + struct.pack("<I", offset) + data[14:]


def words_of(
    image: Image.Image, bits: tuple[int, int, int], masks: tuple[int, ...], word: str
) -> NDArray[np.unsignedinteger[np.typing.NBitBase]]:
    """Pack colours into words under masks."""
    channels = np.asarray(image, np.uint64)
    packed = np.zeros(channels.shape[:2], np.uint64)
    for channel, (depth, mask) in enumerate(zip(bits, masks, strict=False)):
        shift = (mask & -mask).bit_length() - 1
        stored = np.rint(channels[..., channel] / 255 * ((1 << depth) - 1)).astype(np.uint64)
        packed |= stored << np.uint64(shift)
    return packed.astype(word)


_5551 = (0x7C00, 0x03E0, 0x001F)
_565 = (0xF800, 0x07E0, 0x001F)
_4444 = (0x0F00, 0x00F0, 0x000F, 0xF000)
_RGBX = (0xFF000000, 0x00FF0000, 0x0000FF00)
_BGRX = (0x000000FF, 0x0000FF00, 0x00FF0000)
_10_BITS = (0x3FF00000, 0x000FFC00, 0x000003FF)


def packed_bmp(bits: tuple[int, int, int], masks: tuple[int, ...], word: str, **more: int) -> bytes:
    return bmp(words_of(photo(), bits, masks, word), masks=masks, **more)  # type: ignore[arg-type]


def opaque_4444() -> bytes:
    words = words_of(photo(), (4, 4, 4), _4444, "<u2") | np.uint16(0xF000)
    return bmp(words, masks=_4444, header_bytes=56)


def rle_bmp(header_bytes: int = 40) -> bytes:
    """A picture of two colours, packed in runs."""
    runs = b"".join(bytes([100, row % 2]) + b"\0\0" for row in range(60)) + b"\0\1"
    palette = struct.pack("<BBBB", 0, 0, 0, 0) + struct.pack("<BBBB", 255, 255, 255, 0)
    head = struct.pack("<IiiHHIIiiII", header_bytes, 100, 60, 1, 8, 1, len(runs), 0, 0, 2, 0)
    head = head[:header_bytes].ljust(header_bytes, b"\0")
    offset = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(runs), 0, 0, offset) + head + palette + runs


def os2_fax_bmp() -> bytes:
    """Two colours of OS/2's third compression, which is masks to Windows."""
    head = struct.pack("<IiiHHIIiiII", 48, 120, 80, 1, 1, 3, 500, 0, 0, 2, 0).ljust(48, b"\0")
    offset = 14 + 48 + 8
    return b"BM" + struct.pack("<IHHI", offset + 500, 0, 0, offset) + head + bytes(8 + 500)


def stripes() -> Image.Image:
    rows = np.repeat(np.array([255, 0] * 30, np.uint8)[:, np.newaxis], 100, axis=1)
    return Image.fromarray(rows).convert("RGB")


def few_colours() -> Image.Image:
    return photo().quantize(16)


BMPS: dict[str, File] = {
    "bmp of RGBX masks": taken(lambda: packed_bmp((8, 8, 8), _RGBX, "<u4")),
    "bmp of BGRX masks": taken(lambda: packed_bmp((8, 8, 8), _BGRX, "<u4", header_bytes=56)),
    "bmp of 10-10-10-2": taken(lambda: packed_bmp((10, 10, 10), _10_BITS, "<u4"), tolerance=0.01),
    "bmp of 5-6-5": taken(lambda: packed_bmp((5, 6, 5), _565, "<u2"), tolerance=3),
    "bmp of 5-5-5 without masks": taken(
        lambda: bmp(words_of(photo(), (5, 5, 5), _5551, "<u2")), tolerance=4
    ),
    "bmp of 4-4-4-4": taken(opaque_4444, tolerance=6),
    "bmp with a header of 12 bytes": taken(lambda: bmp(np.asarray(photo()), header_bytes=12)),
    **{
        f"bmp with an OS/2 header of {size} bytes": taken(
            lambda size=size: bmp(np.asarray(photo()), header_bytes=size)  # type: ignore[misc]
        )
        for size in (16, 18, 20, 24, 36, 39, 42, 48, 60, 64)
    },
    **{
        f"bmp packed in runs with an OS/2 header of {size} bytes": taken(
            lambda size=size: rle_bmp(size),  # type: ignore[misc]
            stripes,
        )
        for size in (20, 24, 48, 64)
    },
    "bmp with a header of 124 bytes": taken(lambda: bmp(np.asarray(photo()), header_bytes=124)),
    "bmp stored from the top down": taken(lambda: bmp(np.asarray(photo()), top_down=True)),
    "bmp packed in runs": taken(rle_bmp, stripes),
    "bmp of two colours": taken(
        lambda: encoded(photo().convert("1"), "BMP"), lambda: photo().convert("1")
    ),
    "bmp of 16 colours": taken(lambda: encoded(few_colours(), "BMP"), few_colours),
    "bmp that holds a jpeg": refused(
        UNSUPPORTED, lambda: bmp(np.asarray(photo()), compression=4), "holds a JPEG"
    ),
    "bmp that holds a png": refused(
        UNSUPPORTED, lambda: bmp(np.asarray(photo()), compression=5), "holds a PNG"
    ),
    "bmp of 64 bits a pixel": refused(
        UNSUPPORTED, lambda: bmp(np.zeros((80, 120), np.uint64)), "64 bits a pixel"
    ),
    "bmp of runs of 24 bits": refused(
        UNSUPPORTED, lambda: bmp(np.asarray(photo()), compression=1), "24 bits a pixel"
    ),
    "bmp of inks": refused(
        UNSUPPORTED, lambda: bmp(np.asarray(photo()), compression=11), "not supported (11)"
    ),
    "bmp packed as OS/2 packs them": refused(
        UNSUPPORTED, lambda: bmp(np.asarray(photo()), compression=4, header_bytes=48), "OS/2"
    ),
    "bmp of one bit a pixel packed as OS/2 packs them": refused(UNSUPPORTED, os2_fax_bmp, "OS/2"),
    "bmp of a depth that there is not": refused(
        DAMAGED, lambda: (data := bmp(np.asarray(photo())))[:28] + b"\3" + data[29:]
    ),
    "bmp with a linear profile": taken(
        lambda: bmp_with_profile(matrix_profile("sRGB", 1.0)), linear_light, tolerance=1
    ),
    "bmp with a profile that is cut off": taken(
        lambda: bmp_with_profile(matrix_profile("sRGB", 1.0))[:-100]
    ),
    "bmp with a profile in another file": taken(
        lambda: bmp_with_profile(b"C:\\windows\\linear.icc", kind=b"KNIL")
    ),
    "bmp that leaves it to its header where the pixels begin": taken(
        lambda: with_pixels_at(bmp(np.asarray(photo())), 0)
    ),
    "bmp of masks that leaves it to its header where the pixels begin": taken(
        lambda: with_pixels_at(packed_bmp((8, 8, 8), _RGBX, "<u4"), 0)
    ),
    "bmp of 16 colours that leaves it to its header where the pixels begin": taken(
        lambda: with_pixels_at(encoded(few_colours(), "BMP"), 0), few_colours
    ),
    **{
        f"bmp whose pixels begin at {offset}, in its headers": refused(
            DAMAGED,
            lambda offset=offset: with_pixels_at(bmp(np.asarray(photo())), offset),  # type: ignore[misc]
        )
        for offset in (1, 14, 30, 53)
    },
    "bmp whose pixels begin in its masks": refused(
        DAMAGED, lambda: with_pixels_at(packed_bmp((8, 8, 8), _RGBX, "<u4"), 54)
    ),
    **{
        f"bmp of 16 colours whose pixels begin at {offset}, in its palette": refused(
            DAMAGED,
            lambda offset=offset: with_pixels_at(encoded(few_colours(), "BMP"), offset),  # type: ignore[misc]
        )
        for offset in (54, 54 + 16 * 4 - 1)
    },
    "bmp cut off": refused(DAMAGED, lambda: bmp(np.asarray(photo()))[:-1000]),
}
