"""What the first bytes of an upload say: whether it is a photo this service takes, and how large.

The front end refuses by it, the worker chooses a decoder by it. Nothing is decoded and no image library is
called: a hostile header meets a few `struct.unpack` here. `check_length` comes first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from shared.errors import ErrorCode, Refused
from shared.image_files import bmp_header, jpeg_segments, multi_picture, png_chunks, tiff_directory
from shared.wire.contract import MAX_IMAGE_BYTES, MAX_SIDE_EXCLUSIVE, MIN_SIDE_EXCLUSIVE


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
    #: 1 for grey, 3 for colour, 4 for CMYK; of a JPEG only.
    channels: int = 3


EXIF_PREFIX = b"Exif\0\0"

#: As for a JPEG's segments: a limit on what a hostile file makes the front end do. Photos have a chunk of pixels for
#: every 8 KB, or for less of them.
_MAX_CHUNKS = 10_000
_IHDR_BYTES = 13
#: Start of frame → what kind of JPEG it begins, of those that are not decoded here. Of one that is arithmetically coded
#: nobody can tell whether it is whole: its encoder leaves out zeros at the end, and libjpeg reads them there for ever.
_OTHER_JPEGS = {
    0xC3: "lossless",
    0xC5: "hierarchical",
    0xC6: "hierarchical",
    0xC7: "hierarchical",
    0xC9: "arithmetically coded",
    0xCA: "arithmetically coded",
    0xCB: "lossless",
    0xCD: "hierarchical",
    0xCE: "hierarchical",
    0xCF: "hierarchical",
    0xF7: "near-lossless (JPEG-LS)",
}
_STARTS_OF_FRAME = jpeg_segments.FRAMES | _OTHER_JPEGS.keys()
#: "Define number of lines": behind the first scan.
_DNL = b"\xff\xdc"
#: Grey, colour, and the inks of print.
_JPEG_CHANNELS = {1, 3, 4}
#: PNG colour type → the bit depths it may have.
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_ORIENTATIONS = range(1, 9)
_ONE_FRAME = bytes([0, 0, 0, 1])

_UNSUPPORTED = "The file is not a JPEG, PNG or BMP image. Please send one of these."


def check_length(image: bytes) -> bytes:
    """Let a file pass that is no larger than one may be.

    Raises:
        Refused: FILE_SIZE_EXCEEDS_LIMIT.
    """
    if len(image) > MAX_IMAGE_BYTES:
        raise Refused(
            ErrorCode.FILE_SIZE_EXCEEDS_LIMIT,
            f"The image may have at most {MAX_IMAGE_BYTES} bytes (5 MB).",
        )
    return image


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
    if data.startswith(png_chunks.SIGNATURE):
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
    kind, frame, exif = 0, b"", b""
    list_at, pictures, scan_at = 0, b"", 0
    for segment in jpeg_segments.read_segments(data):
        content, scan_at = segment.content, segment.end
        if segment.marker in _STARTS_OF_FRAME and not frame:
            kind, frame = segment.marker, content
        elif segment.marker == jpeg_segments.APP1 and content.startswith(EXIF_PREFIX):
            exif = exif or content.removeprefix(EXIF_PREFIX)
        elif segment.marker == jpeg_segments.APP2 and content.startswith(multi_picture.PREFIX):
            pictures = pictures or content.removeprefix(multi_picture.PREFIX)
            list_at = list_at or segment.end - len(pictures)
    if multi_picture.has_equal_pictures(data, list_at, pictures):
        raise _unsupported("The file holds several pictures (MPO)")
    bits, height, width, channels = struct.unpack_from(">BHHB", frame)
    if kind in _OTHER_JPEGS:
        raise _unsupported(f"This is a {_OTHER_JPEGS[kind]} JPEG")
    if bits != 8:  # noqa: PLR2004
        raise _unsupported(f"This is a JPEG of {bits} bits a channel; 8 are supported")
    if height == 0 and data.startswith(_DNL, jpeg_segments.find_end_of_scan(data, scan_at)):
        raise _unsupported("This is a JPEG that says its height behind its pixels (DNL)")
    if channels not in _JPEG_CHANNELS:
        raise _unsupported(f"This is a JPEG of {channels} channels")
    return ImageHeader(
        format=ImageFormat.JPEG,
        width=width,
        height=height,
        channels=channels,
        orientation=_orientation(exif),
    )


def _read_png(data: bytes) -> ImageHeader:
    chunks = png_chunks.read_chunks(data)
    first = next(chunks, None)
    if first is not None and first.name == b"CgBI":
        raise _unsupported("This PNG is in the form that Apple's Xcode makes for iPhones (CgBI)")
    if (
        first is None
        or first.name != b"IHDR"
        or first.end - first.start != _IHDR_BYTES
        or not first.is_intact(data)
    ):
        raise ValueError("no usable IHDR")
    width, height, bits, colour, packing, filtering, interlacing = struct.unpack_from(
        ">IIBBBBB", data, first.start
    )
    if bits not in _PNG_DEPTHS.get(colour, ()) or packing or filtering or interlacing > 1:
        raise ValueError("no such colour type or method")
    return ImageHeader(
        format=ImageFormat.PNG,
        width=width,
        height=height,
        orientation=_orientation(_png_exif(data, chunks)),
    )


def _png_exif(data: bytes, chunks: Iterator[png_chunks.Chunk]) -> bytes:
    """The EXIF, which may stand before the pixels or behind; refuses what has several pictures."""
    exif, has_pixels = b"", False
    for chunk in islice(chunks, _MAX_CHUNKS):
        if chunk.name == b"IDAT":
            has_pixels = True
        elif chunk.name == b"acTL" and not has_pixels and chunk.content(data)[:4] > _ONE_FRAME:
            raise _unsupported("The PNG is animated")
        # The rest is skipped unread: what is wrong with a comment is no harm to the pixels.
        elif chunk.name == b"eXIf" and not exif and chunk.is_intact(data):
            exif = chunk.content(data)
    if not has_pixels and next(chunks, None) is not None:
        raise _unsupported(f"The PNG has more than {_MAX_CHUNKS:,} chunks before its pixels")
    if not has_pixels:
        raise ValueError("no pixels")
    return exif.removeprefix(EXIF_PREFIX)


def _read_bmp(data: bytes) -> ImageHeader:
    header = bmp_header.read_bmp_header(data)
    if header.unsupported:
        raise _unsupported(header.unsupported)
    return ImageHeader(format=ImageFormat.BMP, width=header.width, height=header.height)


def _unsupported(what: str) -> Refused:
    return Refused(
        ErrorCode.UNSUPPORTED_FILE_TYPES, f"{what}. Please send a plain JPEG, PNG or BMP image."
    )


def _orientation(exif: bytes) -> int:
    """1 unless the EXIF says otherwise: a damaged one costs the orientation, not the photo."""
    stored = tiff_directory.read_directory(exif).get(tiff_directory.ORIENTATION, 1)
    return stored if stored in _ORIENTATIONS else 1
