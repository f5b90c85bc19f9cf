"""Photos and other files for tests, made on the spot: every kind a client may send."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import Any, Literal

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageCms

Pixels = NDArray[np.uint8]


@cache
def astronaut() -> Image.Image:
    """A real photo of a person in an orange suit, 512 x 512, and public domain."""
    return Image.fromarray(skimage.data.astronaut())


def photo(width: int = 120, height: int = 80) -> Image.Image:
    return astronaut().resize((width, height))


def encoded(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    """The file of an image; a JPEG at a quality that a test can compare pixels by."""
    buffer = io.BytesIO()
    if file_format == "JPEG":
        options = {"quality": 95, "subsampling": 0} | options
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def jpeg(image: Image.Image | None = None, **options: Any) -> bytes:
    return encoded(image or photo(), "JPEG", **options)


def with_orientation(data: bytes, orientation: int, order: str = ">") -> bytes:
    """Put an EXIF segment with an orientation into a JPEG."""
    return with_segment(data, 0xE1, b"Exif\0\0" + tiff({0x0112: orientation}, order))


def with_segment(data: bytes, marker: int, content: bytes) -> bytes:
    """Put a segment behind a JPEG's start."""
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + data[2:]


def tiff(shorts: dict[int, int], order: str = ">") -> bytes:
    """A TIFF block with one directory of SHORT values."""
    mark = b"MM" if order == ">" else b"II"
    entries = b"".join(
        struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0) for tag, value in shorts.items()
    )
    head = mark + struct.pack(f"{order}HIH", 42, 8, len(shorts))
    return head + entries + bytes(4)


def mpo() -> bytes:
    return encoded(photo(), "MPO", save_all=True, append_images=[photo()])


def apng() -> bytes:
    return encoded(photo(), save_all=True, append_images=[photo().rotate(180)])


def png_chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def raw_png(
    rows: NDArray[Any], *, bits: int, colour: int, chunks: dict[bytes, bytes] | None = None
) -> bytes:
    """A PNG of any depth: rows as (H, samples) integers, 8 or 16 bits each, or packed bytes for fewer."""
    height = len(rows)
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    width = rows.shape[1] * (8 // bits if bits < 8 else 1) // channels
    stored = rows.astype(">u2" if bits == 16 else "u1")
    lines = b"".join(b"\0" + line.tobytes() for line in stored)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)),
            *(png_chunk(name, content) for name, content in (chunks or {}).items()),
            png_chunk(b"IDAT", zlib.compress(lines)),
            png_chunk(b"IEND", b""),
        ]
    )


def png_header(width: int, height: int) -> bytes:
    """A PNG of any size that says so and holds next to nothing."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + png_chunk(b"IDAT", b"")
    )


def icc_profile(name: Literal["sRGB", "LAB", "XYZ"] = "sRGB") -> bytes:
    """A profile that Pillow can make by itself."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def swapped_profile() -> bytes:
    """An RGB profile whose red and blue are swapped: its effect cannot be overlooked."""
    profile = bytearray(icc_profile())
    for at in range(128 + 4, 128 + 4 + 12 * struct.unpack_from(">I", profile, 128)[0], 12):
        swap = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(bytes(profile[at : at + 4]))
        profile[at : at + 4] = swap or profile[at : at + 4]
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))
