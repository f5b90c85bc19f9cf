"""What the first bytes of an upload say: whether it is a photo this service takes, and how large.

The front end refuses by it, the worker chooses a decoder by it. Nothing is decoded and no image library is
called: a hostile header meets a few `struct.unpack` here. The 5 MB limit is checked elsewhere.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum

from shared import jpeg_segments, tiff_directory
from shared.contract import MAX_SIDE_EXCLUSIVE, MIN_SIDE_EXCLUSIVE
from shared.errors import ErrorCode, Refused


class ImageFormat(StrEnum):
    """The formats this service takes."""

    JPEG = "JPEG"
    PNG = "PNG"
    BMP = "BMP"


@dataclass(frozen=True, kw_only=True)
class ImageHeader:
    """What is known of a photo before its pixels are."""

    format: ImageFormat
    #: Pixels, as stored.
    width: int
    #: Pixels, as stored.
    height: int
    #: The EXIF orientation, 1 to 8: what has to be done to stand the photo upright.
    orientation: int = 1
    #: Whether the colours may be other than sRGB.
    has_icc_profile: bool = False
    #: 1 for grey, 3 for colour, 4 for CMYK; of a JPEG only.
    channels: int = 3
    #: Per channel.
    bits: int = 8


PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
EXIF_PREFIX = b"Exif\0\0"
ICC_PREFIX = b"ICC_PROFILE\0"

#: As for a JPEG's segments: a limit on what a hostile file makes the front end do.
_MAX_CHUNKS = 2000
_IHDR_BYTES = 13
#: PNG colour type → the bit depths it may have.
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_ORIENTATIONS = range(1, 9)
_BMP_CORE_HEADER = 12
_BMP_HEADERS = frozenset({40, 52, 56, 64, 108, 124})

_UNSUPPORTED = "The file is not a JPEG, PNG or BMP image. Please send one of these."


def read_header(data: bytes) -> ImageHeader:
    """Read the header of an upload, and hold it against the limits of the contract.

    Raises:
        Refused: UNSUPPORTED_FILE_TYPES, FILE_DECODING_FAILURE, ERROR_LOW_RESOLUTION or
            FILE_RESOLUTION_EXCEEDS_LIMITS; the message says what the client can change.
    """
    try:
        header = _read(data)
    except (ValueError, struct.error):
        raise Refused(
            ErrorCode.FILE_DECODING_FAILURE,
            "The header of the image cannot be read; the file is damaged or cut off.",
        ) from None
    _check_size(header.width, header.height)
    return header


def _read(data: bytes) -> ImageHeader:
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data)
    if data.startswith(PNG_SIGNATURE):
        return _read_png(data)
    if data.startswith(b"BM"):
        return _read_bmp(data)
    raise Refused(ErrorCode.UNSUPPORTED_FILE_TYPES, _UNSUPPORTED)


def _check_size(width: int, height: int) -> None:
    if width <= 0 or height <= 0:
        raise Refused(ErrorCode.FILE_DECODING_FAILURE, "The image has no pixels.")
    size = f"The image is {width} x {height} pixels; each side must be"
    if max(width, height) >= MAX_SIDE_EXCLUSIVE:
        raise Refused(
            ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS,
            f"{size} shorter than {MAX_SIDE_EXCLUSIVE} pixels.",
        )
    if min(width, height) <= MIN_SIDE_EXCLUSIVE:
        raise Refused(
            ErrorCode.ERROR_LOW_RESOLUTION, f"{size} longer than {MIN_SIDE_EXCLUSIVE} pixels."
        )


def _read_jpeg(data: bytes) -> ImageHeader:
    frame = exif = b""
    pictures = 1
    has_icc_profile = has_gain_map = False
    for segment in jpeg_segments.read_segments(data):
        content = segment.content
        if segment.marker in jpeg_segments.FRAMES:
            frame = frame or content
        elif segment.marker == jpeg_segments.APP1:
            if content.startswith(EXIF_PREFIX):
                exif = exif or content.removeprefix(EXIF_PREFIX)
            has_gain_map = has_gain_map or b' hdrgm:Version="' in content
        elif segment.marker == jpeg_segments.APP2:
            if content.startswith(b"MPF\0"):
                directory = tiff_directory.read_directory(content[4:])
                pictures = directory.get(tiff_directory.NUMBER_OF_PICTURES, 1)
            has_icc_profile = has_icc_profile or content.startswith(ICC_PREFIX)
    # Ultra HDR photos have a second picture that only says how bright the first may shine.
    if pictures > 1 and not has_gain_map:
        raise Refused(
            ErrorCode.UNSUPPORTED_FILE_TYPES,
            "The file holds several pictures (MPO). Please send a plain JPEG, PNG or BMP image.",
        )
    bits, height, width, channels = struct.unpack_from(">BHHB", frame)
    return ImageHeader(
        format=ImageFormat.JPEG,
        width=width,
        height=height,
        channels=channels,
        bits=bits,
        orientation=_orientation(exif),
        has_icc_profile=has_icc_profile,
    )


def _read_png(data: bytes) -> ImageHeader:
    length, name, width, height, bits, colour = struct.unpack_from(">I4sIIBB", data, 8)
    (checksum,) = struct.unpack_from(">I", data, 29)
    if name != b"IHDR" or length != _IHDR_BYTES or zlib.crc32(data[12:29]) != checksum:
        raise ValueError("no usable IHDR")
    if bits not in _PNG_DEPTHS.get(colour, ()):
        raise ValueError("no such colour type")
    chunks = _png_chunks(data)
    if b"acTL" in chunks:
        raise Refused(
            ErrorCode.UNSUPPORTED_FILE_TYPES,
            "The PNG is animated. Please send a still image.",
        )
    return ImageHeader(
        format=ImageFormat.PNG,
        width=width,
        height=height,
        bits=bits,
        orientation=_orientation(chunks.get(b"eXIf", b"").removeprefix(EXIF_PREFIX)),
        has_icc_profile=b"iCCP" in chunks,
    )


def _png_chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks before the pixels, by name; of several, the last."""
    chunks: dict[bytes, bytes] = {}
    position = len(PNG_SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        length, name = struct.unpack_from(">I4s", data, position)
        if name == b"IDAT":
            return chunks
        position += 8
        chunks[name] = data[position : position + length]
        position += length + 4
    raise ValueError("too many chunks")


def _read_bmp(data: bytes) -> ImageHeader:
    (header_size,) = struct.unpack_from("<I", data, 14)
    if header_size == _BMP_CORE_HEADER:
        width, height = struct.unpack_from("<HH", data, 18)
    elif header_size in _BMP_HEADERS:
        width, height = struct.unpack_from("<ii", data, 18)
    else:
        raise ValueError("no such header")
    # A negative height says that the rows are stored from the top down.
    return ImageHeader(format=ImageFormat.BMP, width=width, height=abs(height))


def _orientation(exif: bytes) -> int:
    """1 unless the EXIF says otherwise: a damaged one costs the orientation, not the photo."""
    stored = tiff_directory.read_directory(exif).get(tiff_directory.ORIENTATION, 1)
    return stored if stored in _ORIENTATIONS else 1
