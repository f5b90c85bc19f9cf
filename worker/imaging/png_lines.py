"""The lines of a PNG's pixels, unpacked and without their filters, some at a time: no copy of all of them is made.

ISA-L unpacks, in a third of zlib's time. OpenCV takes the filters off: it is given some lines as a picture of their own
whose pixels have as many bytes. The line above them comes first, for filters look there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from isal import igzip_lib, isal_zlib

from shared.errors import ErrorCode, Refused
from shared.image_files.png_chunks import SIGNATURE
from worker.imaging.photo import Pixels, strips
from worker.imaging.png_encoding import chunk_pieces, write_chunk

#: Of each pass of an interlaced picture: first column and row, and the steps between two.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_ALL_AT_ONCE = ((0, 0, 1, 1),)
#: Bytes of a pixel → bits of a sample, colour type, and what puts OpenCV's channels in the file's order.
_ALIKE: dict[int, tuple[int, int, int | None]] = {
    1: (8, 0, None),
    2: (16, 0, None),
    3: (8, 2, cv2.COLOR_BGR2RGB),
    4: (8, 6, cv2.COLOR_BGRA2RGBA),
    6: (16, 2, cv2.COLOR_BGR2RGB),
    8: (16, 6, cv2.COLOR_BGRA2RGBA),
}
#: 0 to 4; another one is damage.
_LAST_FILTER = 4
#: Packed bytes that are looked at together: what is not needed yet is copied each time.
_PIECE = 1 << 16
#: Of a deflated stream: at most so many bytes are stored as they are in one block.
_BLOCK = 0xFFFF
_ZLIB_HEAD = b"\x78\x01"


class Layout(NamedTuple):
    """How pixels lie in a file."""

    width: int
    height: int
    #: Of a pixel.
    bits: int
    is_interlaced: bool


class Strip(NamedTuple):
    """Some lines of the file, of one pass over the picture."""

    #: Which rows and columns of the picture.
    where: tuple[slice, slice]
    #: How many pixels a line has.
    width: int
    #: (n, bytes of a line), as they are stored.
    lines: Pixels


def read_strips(packed: Iterable[bytes], layout: Layout) -> Iterator[Strip]:
    """Read all lines, each time some of those of one pass.

    Args:
        packed: The content of all IDAT.
        layout: What is packed in it.

    Raises:
        Refused: FILE_DECODING_FAILURE: some are missing, or damaged.
    """
    stream = _Unpacked(packed)
    for left, top, across, down in _PASSES if layout.is_interlaced else _ALL_AT_ONCE:
        width = (layout.width - left + across - 1) // across
        height = (layout.height - top + down - 1) // down
        if width <= 0:
            continue
        length, above = (width * layout.bits + 7) // 8, b""
        for rows in strips(height):
            filtered = stream.read((rows.stop - rows.start) * (1 + length))
            lines = _unfiltered(above, filtered, length, max(1, layout.bits // 8))
            above = b"\0" + lines[-1].tobytes()
            last = top + (rows.stop - 1) * down
            where = slice(top + rows.start * down, last + 1, down), slice(left, None, across)
            yield Strip(where, width, lines)


class _Unpacked:
    """A stream that is unpacked as far as it is read."""

    def __init__(self, packed: Iterable[bytes]) -> None:
        self._pieces = (
            piece[start : start + _PIECE]
            for piece in packed
            for start in range(0, len(piece), _PIECE)
        )
        self._inflater = isal_zlib.decompressobj()

    def read(self, size: int) -> bytes:
        """Unpack so much.

        Raises:
            Refused: There is less.
        """
        pieces = []
        while size > 0:
            piece = self._more(self._inflater.unconsumed_tail, size)
            while not piece:
                packed = next(self._pieces, None)
                if packed is None or self._inflater.eof:
                    raise damaged()
                piece = self._more(packed, size)
            size -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def _more(self, packed: bytes, size: int) -> bytes:
        try:
            piece: bytes = self._inflater.decompress(packed, size)
        except igzip_lib.IsalError as error:  # type: ignore[misc]  # its stub does not say what it is
            raise damaged() from error
        return piece


def damaged() -> Refused:
    """What is said of a PNG whose pixels cannot be read."""
    return Refused(
        ErrorCode.FILE_DECODING_FAILURE,
        "The PNG is damaged, or cut off: not all of its pixels are there.",
    )


def _unfiltered(above: bytes, filtered: bytes, length: int, pixel_bytes: int) -> Pixels:
    """Give the lines of (1 + length) bytes without the first one, which names the filter."""
    if max(filtered[:: 1 + length]) > _LAST_FILTER:
        raise damaged()
    bits, colour, order = _ALIKE[pixel_bytes]
    lines = above + filtered
    count = len(lines) // (1 + length)
    alike = b"".join(
        [
            SIGNATURE,
            write_chunk(
                b"IHDR",
                struct.pack(">IIBBBBB", length // pixel_bytes, count, bits, colour, 0, 0, 0),
            ),
            *chunk_pieces(b"IDAT", _stored(lines)),
            write_chunk(b"IEND", b""),
        ]
    )
    decoded = cv2.imdecode(np.frombuffer(alike, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None:
        raise damaged()
    samples = decoded if order is None else cv2.cvtColor(decoded, order)
    if bits > 8:  # noqa: PLR2004
        samples = np.asarray(samples, np.uint16).byteswap()
    plain: Pixels = samples.reshape(count, -1).view(np.uint8)
    return plain[1:] if above else plain


def _stored(content: bytes) -> list[bytes | memoryview]:
    """Pieces of a zlib stream that packs nothing (RFC 1951, 3.2.4)."""
    pieces: list[bytes | memoryview] = [_ZLIB_HEAD]
    view = memoryview(content)
    for start in range(0, len(content), _BLOCK):
        block = view[start : start + _BLOCK]
        is_last = start + _BLOCK >= len(content)
        pieces += [struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF), block]
    return [*pieces, struct.pack(">I", isal_zlib.adler32(content))]
