"""BMP to pixels. Not Pillow, which knows a dozen sets of masks and calls the others damaged."""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL.BmpImagePlugin import BmpImageFile

from shared.errors import ErrorCode, Refused
from shared.image_files.bmp_header import (
    FILE_HEADER_BYTES,
    RAW,
    BmpHeader,
    read_bmp_header,
    read_profile,
)
from worker.imaging.photo import Pixels

_PALETTE_BITS = 8
_INFO = 40
_BYTES_OF_24 = 3
_OPAQUE = 255


class Bmp(NamedTuple):
    """Pixels, 8 bits a channel."""

    #: (H, W, 3).
    colours: Pixels
    #: (H, W); None if every pixel is opaque.
    alpha: Pixels | None
    #: The ICC profile of the colours; empty without one.
    profile: bytes


def decode_bmp(data: bytes) -> Bmp:
    """Decode a BMP whose header has been read.

    Raises:
        Refused: FILE_DECODING_FAILURE, if rows are missing.
        OSError, ValueError: What Pillow raises of a damaged packed picture.
    """
    header = read_bmp_header(data)
    return Bmp(*_decode(data, header), read_profile(data))


def _decode(data: bytes, header: BmpHeader) -> tuple[Pixels, Pixels | None]:
    if header.compression != RAW:
        # A palette has no transparency.
        return _unpacked(data, header), None
    rows = _rows(data, header)
    if header.bits <= _PALETTE_BITS:
        return _palette(data, header)[_indices(rows, header)], None
    if header.bits == _BYTES_OF_24 * 8:
        three = rows[:, : header.width * _BYTES_OF_24].reshape(header.height, header.width, 3)
        return np.ascontiguousarray(three[..., ::-1]), None
    words = rows.view(np.dtype(f"<u{header.bits // 8}"))[:, : header.width]
    colours = np.stack([_channel(words, mask) for mask in header.masks[:3]], axis=2)
    return colours, _alpha(words, header.masks[3])


def _unpacked(data: bytes, header: BmpHeader) -> Pixels:
    """Unpack runs by Pillow, which takes a grey picture with a header of the commonest kind."""
    colours = 1 << header.bits
    at = FILE_HEADER_BYTES + _INFO + 4 * colours
    packed = data[header.pixels_at :]
    height = header.height if header.is_bottom_up else -header.height
    head = struct.pack(
        *("<2sIHHIIiiHHIIiiII", b"BM", at + len(packed), 0, 0, at, _INFO),
        *(header.width, height, 1, header.bits, header.compression, len(packed), 0, 0, colours, 0),
    )
    ramp = b"".join(bytes([level, level, level, 0]) for level in range(colours))
    picture = BmpImageFile(io.BytesIO(head + ramp + packed))
    picture.load()
    return np.asarray(_palette(data, header)[np.asarray(picture)], np.uint8)


def _rows(data: bytes, header: BmpHeader) -> Pixels:
    """The rows as they are stored, (H, bytes), the topmost first."""
    stride = (header.width * header.bits + 31) // 32 * 4
    size = header.height * stride
    if len(data) - header.pixels_at < size:
        raise Refused(
            ErrorCode.FILE_DECODING_FAILURE,
            "The BMP is cut off: not all of its pixels are there.",
        )
    stored = np.frombuffer(data, np.uint8, size, header.pixels_at).reshape(header.height, stride)
    return np.ascontiguousarray(stored[::-1]) if header.is_bottom_up else stored.copy()


def _indices(rows: Pixels, header: BmpHeader) -> Pixels:
    if header.bits == _PALETTE_BITS:
        return rows[:, : header.width]
    bits = np.unpackbits(rows, axis=1).reshape(len(rows), -1, header.bits)
    weights = 1 << np.arange(header.bits - 1, -1, -1, dtype=np.uint8)
    return np.asarray((bits * weights).sum(axis=2, dtype=np.uint8)[:, : header.width])


def _palette(data: bytes, header: BmpHeader) -> Pixels:
    """The colours, (256, 3); those that the file does not name are black."""
    stored = data[header.palette_at : header.palette_at + header.colours * header.colour_bytes]
    count = len(stored) // header.colour_bytes
    named = np.frombuffer(stored, np.uint8, count * header.colour_bytes)
    palette = np.zeros((256, 3), np.uint8)
    palette[:count] = named.reshape(count, header.colour_bytes)[:, 2::-1]
    return palette


def _channel(words: NDArray[np.unsignedinteger[np.typing.NBitBase]], mask: int) -> Pixels:
    """The bits under a mask, stretched to 8; 0 where there are none."""
    if mask == 0:
        return np.zeros(words.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    most = mask >> shift
    values = (words & mask) >> shift
    if most == _OPAQUE:
        return values.astype(np.uint8)
    return np.asarray((values.astype(np.uint64) * 255 + most // 2) // most, np.uint8)


def _alpha(words: NDArray[np.unsignedinteger[np.typing.NBitBase]], mask: int) -> Pixels | None:
    if mask == 0:
        return None
    alpha = _channel(words, mask)
    # Many writers of 32-bit BMPs leave the fourth byte at zero and mean an opaque picture.
    return None if not alpha.any() or alpha.min() == _OPAQUE else alpha
