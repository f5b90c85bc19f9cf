"""PNG to pixels, if the data of all rows are there.

Pillow decodes, from a copy of the file that holds what the pixels need and nothing else: comments, profiles and dates
of any size, or with wrong checksums, are never read. The rows are unpacked already in it, by ISA-L, which takes a third
of zlib's time. Colours of 16 bits are OpenCV's, because Pillow halves them.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from isal import igzip_lib, isal_zlib
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngImageFile

from shared.errors import ErrorCode, Refused
from shared.image_files import png_chunks
from worker.imaging.photo import Pixels
from worker.imaging.png_colour import read_profile
from worker.imaging.png_encoding import chunk_pieces, write_chunk

_GREY, _COLOUR, _PALETTE, _GREY_ALPHA, _COLOUR_ALPHA = 0, 2, 3, 4, 6
_GREYS = {_GREY, _GREY_ALPHA}
_CHANNELS = {_GREY: 1, _COLOUR: 3, _PALETTE: 1, _GREY_ALPHA: 2, _COLOUR_ALPHA: 4}
#: Needed for the pixels of a colour type, besides IHDR and IDAT; in the order that a file has to have. Full colours may
#: come with a palette too, for screens of few.
_NEEDED: dict[int, tuple[bytes, ...]] = {
    _GREY: (b"tRNS",),
    _COLOUR: (b"tRNS",),
    _PALETTE: (b"PLTE", b"tRNS"),
    _GREY_ALPHA: (),
    _COLOUR_ALPHA: (),
}
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
#: Of a deflated stream: at most so many bytes are stored as they are in one block.
_BLOCK = 0xFFFF
_ZLIB_HEAD = b"\x78\x01"
_OPAQUE = 255
#: 16 bits → 8, rounded.
_TO_8_BITS = ((np.arange(1 << 16, dtype=np.uint32) * 255 + 32767) // 65535).astype(np.uint8)

Deep = NDArray[np.uint16]


class Png(NamedTuple):
    """Pixels as they are stored, 8 bits each."""

    #: (H, W) grey or (H, W, 3).
    colours: Pixels
    #: (H, W); None if every pixel is opaque.
    alpha: Pixels | None
    #: The ICC profile of the colours; empty without one.
    profile: bytes


class _Head(NamedTuple):
    width: int
    height: int
    bits: int
    colour: int
    is_interlaced: bool


def decode_png(data: bytes) -> Png:
    """Decode a PNG whose header has been read.

    Raises:
        Refused: FILE_DECODING_FAILURE, if rows are missing or what they need is damaged.
        OSError, SyntaxError, ValueError, zlib.error: What Pillow and zlib raise of damaged pixels.
    """
    chunks = list(png_chunks.read_chunks(data))
    head = _read_head(data, chunks[0])
    needed = _read_chunks(data, chunks, _NEEDED[head.colour])
    key = needed.get(b"tRNS")
    if key is not None and not _is_usable(key, head, len(needed.get(b"PLTE", b""))):
        # As browsers do: what says nothing of the transparency costs it, not the photo.
        del needed[b"tRNS"]
        key = None
    packed = b"".join(chunk.content(data) for chunk in chunks if chunk.name == b"IDAT")
    rows = _unpack(packed, _unpacked_size(head))
    profile = read_profile(data, chunks, is_grey=head.colour in _GREYS)
    if head.bits == 16 and head.colour == _COLOUR:  # noqa: PLR2004
        colours, alpha = _decode_deep(data, chunks[0], rows, key)
    else:
        plain = io.BytesIO(_rewritten(data, chunks[0], needed, rows))
        del rows  # as large as all pixels
        picture = PngImageFile(plain)
        picture.load()
        colours, alpha = _split(picture, head, key)
    if alpha is not None and alpha.min() == _OPAQUE:
        alpha = None
    return Png(colours, alpha, profile)


def _read_head(data: bytes, chunk: png_chunks.Chunk) -> _Head:
    width, height, bits, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunk.content(data))
    return _Head(width, height, bits, colour, interlace == 1)


def _read_chunks(
    data: bytes, chunks: Sequence[png_chunks.Chunk], names: tuple[bytes, ...]
) -> dict[bytes, bytes]:
    """Read the chunks that the pixels need, in this order.

    Raises:
        Refused: One of them, or of the pixels', is damaged. What is cut off at the file's end is judged by the rows
            that are there.
    """
    for chunk in chunks:
        is_whole = chunk.end + 4 <= len(data)
        if is_whole and chunk.name in {*names, b"IDAT"} and not chunk.is_intact(data):
            raise _damaged()
    contents = {chunk.name: chunk.content(data) for chunk in chunks if chunk.name in names}
    return {name: contents[name] for name in names if name in contents}


def _is_usable(key: bytes, head: _Head, palette_bytes: int) -> bool:
    """Whether a tRNS has a length that its colour type may have: a level, a colour, or an opacity for some colours."""
    if head.colour == _PALETTE:
        return 0 < len(key) <= palette_bytes // 3
    return len(key) == 2 * _CHANNELS[head.colour]


def _unpack(packed: bytes, size: int) -> bytes:
    """Unpack as much as all rows take, and no more.

    Raises:
        Refused: There is less.
    """
    inflater = isal_zlib.decompressobj()
    pieces = []
    while size > 0:
        try:
            piece = inflater.decompress(packed, size)
        except igzip_lib.IsalError as error:  # type: ignore[misc]  # its stub does not say what it is
            raise _damaged() from error
        packed = inflater.unconsumed_tail
        size -= len(piece)
        pieces.append(piece)
        if size and not piece and (inflater.eof or not packed):
            raise _damaged()
    return b"".join(pieces)


def _unpacked_size(head: _Head) -> int:
    bits = head.bits * _CHANNELS[head.colour]
    if not head.is_interlaced:
        return head.height * (1 + (head.width * bits + 7) // 8)
    size = 0
    for left, top, across, down in _PASSES:
        width = (head.width - left + across - 1) // across
        height = (head.height - top + down - 1) // down
        size += height * (1 + (width * bits + 7) // 8) if width > 0 else 0
    return size


def _rewritten(
    data: bytes, head: png_chunks.Chunk, needed: dict[bytes, bytes], rows: bytes
) -> bytes:
    return b"".join(
        [
            png_chunks.SIGNATURE,
            write_chunk(b"IHDR", head.content(data)),
            *(write_chunk(name, content) for name, content in needed.items()),
            *chunk_pieces(b"IDAT", _stored(rows)),
            write_chunk(b"IEND", b""),
        ]
    )


def _stored(rows: bytes) -> list[bytes | memoryview]:
    """Pieces of a zlib stream that packs nothing (RFC 1951, 3.2.4)."""
    pieces: list[bytes | memoryview] = [_ZLIB_HEAD]
    view = memoryview(rows)
    for start in range(0, len(rows), _BLOCK):
        block = view[start : start + _BLOCK]
        is_last = start + _BLOCK >= len(rows)
        pieces += [struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF), block]
    return [*pieces, struct.pack(">I", isal_zlib.adler32(rows))]


def _split(picture: PngImageFile, head: _Head, key: bytes | None) -> tuple[Pixels, Pixels | None]:
    if head.colour == _GREY:
        return _split_grey(np.asarray(picture), head.bits, key)
    if head.colour == _COLOUR:
        colours = np.asarray(picture)
        wanted = None if key is None else np.frombuffer(key[1:6:2], np.uint8)
        return colours, None if wanted is None else _transparent(np.all(colours == wanted, axis=2))
    if head.colour == _PALETTE and key is None:
        return np.asarray(picture.convert("RGB")), None
    if head.colour == _GREY_ALPHA:
        pair = np.asarray(picture.convert("LA"))
        return np.ascontiguousarray(pair[..., 0]), np.ascontiguousarray(pair[..., 1])
    four = np.asarray(picture.convert("RGBA"))
    # OpenCV's channel functions take a third of the time of NumPy's strided copies.
    return (
        np.asarray(cv2.cvtColor(four, cv2.COLOR_RGBA2RGB), np.uint8),
        np.asarray(cv2.extractChannel(four, 3), np.uint8),
    )


def _split_grey(stored: NDArray[Any], bits: int, key: bytes | None) -> tuple[Pixels, Pixels | None]:
    """Grey of any depth; Pillow gives 1 bit as booleans, 2 and 4 stretched to 8, and 16 as they are."""
    levels = stored.astype(np.uint16)
    if bits == 1:
        levels *= _OPAQUE
    grey = _TO_8_BITS[levels] if bits == 16 else levels.astype(np.uint8)  # noqa: PLR2004
    if key is None:
        return grey, None
    (wanted,) = struct.unpack(">H", key)
    if bits < 8:  # noqa: PLR2004
        wanted = (wanted & ((1 << bits) - 1)) * _OPAQUE // ((1 << bits) - 1)
    return grey, _transparent(levels == wanted)


def _decode_deep(
    data: bytes, head: png_chunks.Chunk, rows: bytes, key: bytes | None
) -> tuple[Pixels, Pixels | None]:
    """Three channels of 16 bits, whose colour key is one exact colour."""
    plain = _rewritten(data, head, {}, rows)
    decoded = cv2.imdecode(
        np.frombuffer(plain, np.uint8), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    )
    if decoded is None or decoded.dtype != np.uint16:
        raise _damaged()
    deep: Deep = np.asarray(decoded[..., ::-1], np.uint16)
    if key is None:
        return _TO_8_BITS[deep], None
    wanted = np.frombuffer(key, ">u2").astype(np.uint16)
    return _TO_8_BITS[deep], _transparent(np.all(deep == wanted, axis=2))


def _transparent(where: NDArray[np.bool_]) -> Pixels:
    return np.where(where, 0, _OPAQUE).astype(np.uint8)


def _damaged() -> Refused:
    return Refused(
        ErrorCode.FILE_DECODING_FAILURE,
        "The PNG is damaged, or cut off: not all of its pixels are there.",
    )
