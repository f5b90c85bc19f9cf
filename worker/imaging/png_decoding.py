"""PNG to pixels, if the data of all rows are there.

What the pixels do not need is never read: comments, profiles and dates of any size, or with wrong checksums. They are
decoded some lines at a time: of whatever depth, no more than the picture and its opacity are in memory as a whole.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from shared.errors import ErrorCode, Refused
from shared.image_files import png_chunks
from worker.imaging.photo import Pixels
from worker.imaging.png_colour import read_profile
from worker.imaging.png_lines import damaged, read_strips
from worker.imaging.png_samples import CHANNELS, COLOUR, GREY, GREY_ALPHA, PALETTE, Head, Meaning

_GREYS = {GREY, GREY_ALPHA}
#: Needed for the pixels of a colour type, besides IHDR and IDAT; others need nothing. Full colours may come with a
#: palette too, for screens of few.
_NEEDED = {GREY: {b"tRNS"}, COLOUR: {b"tRNS"}, PALETTE: {b"PLTE", b"tRNS"}}
_OPAQUE = 255
#: Encoders write some kilobytes into each. 5 MB of empty ones are four hundred thousand.
_MOST_CHUNKS = 50_000


class Png(NamedTuple):
    """Pixels as they are stored, 8 bits each."""

    #: (H, W) grey or (H, W, 3).
    colours: Pixels
    #: (H, W); None if every pixel is opaque.
    alpha: Pixels | None
    #: The ICC profile of the colours; empty without one.
    profile: bytes


def decode_png(data: bytes) -> Png:
    """Decode a PNG whose header has been read.

    Raises:
        Refused: FILE_DECODING_FAILURE, if rows are missing or what they need is damaged; UNSUPPORTED_FILE_TYPES, if it
            is cut into too many pieces.
    """
    chunks = list(islice(png_chunks.read_chunks(data), _MOST_CHUNKS + 1))
    if len(chunks) > _MOST_CHUNKS:
        raise Refused(
            ErrorCode.UNSUPPORTED_FILE_TYPES,
            f"The PNG has more than {_MOST_CHUNKS:,} chunks. Please save it anew.",
        )
    head = _read_head(data, chunks[0])
    meaning = _read_meaning(data, chunks, head)
    is_grey = head.colour in _GREYS
    shape = head.height, head.width
    colours = np.empty(shape if is_grey else (*shape, 3), np.uint8)
    alpha = None if meaning.is_opaque else np.empty(shape, np.uint8)
    packed = (chunk.content(data) for chunk in chunks if chunk.name == b"IDAT")
    for strip in read_strips(packed, head.layout):
        seen, opacity = meaning.read(strip)
        colours[strip.where] = seen
        if alpha is not None and opacity is not None:
            alpha[strip.where] = opacity
    if alpha is not None and alpha.min() == _OPAQUE:
        alpha = None
    return Png(colours, alpha, read_profile(data, chunks, is_grey=is_grey))


def _read_head(data: bytes, chunk: png_chunks.Chunk) -> Head:
    width, height, bits, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunk.content(data))
    return Head(width, height, bits, colour, interlace == 1)


def _read_meaning(data: bytes, chunks: Sequence[png_chunks.Chunk], head: Head) -> Meaning:
    """Read what the pixels need besides themselves.

    Raises:
        Refused: Some of it, or of the pixels, is damaged, or the palette is not there. What is cut off at the file's
            end is judged by the rows that are there.
    """
    names = _NEEDED.get(head.colour, set())
    checked = {*names, b"IDAT"}
    for chunk in chunks:
        is_whole = chunk.end + 4 <= len(data)
        if is_whole and chunk.name in checked and not chunk.is_intact(data):
            raise damaged()
    needed = {chunk.name: chunk.content(data) for chunk in chunks if chunk.name in names}
    if head.colour == PALETTE and b"PLTE" not in needed:
        raise damaged()
    palette, transparency = needed.get(b"PLTE", b""), needed.get(b"tRNS")
    if transparency is not None and not _is_usable(transparency, head, len(palette)):
        # As browsers do: what says nothing of the transparency costs it, not the photo.
        transparency = None
    return Meaning(head, palette, transparency)


def _is_usable(transparency: bytes, head: Head, palette_bytes: int) -> bool:
    """Whether a tRNS has a length that its colour type may have: a level, a colour, or an opacity for some colours."""
    if head.colour == PALETTE:
        return 0 < len(transparency) <= palette_bytes // 3
    return len(transparency) == 2 * CHANNELS[head.colour]
