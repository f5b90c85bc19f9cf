"""The chunks of a PNG, from its signature on: found by their lengths, never read for their content."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: The bytes around a chunk's content: its length and name before it, its checksum behind.
_BEFORE, _BEHIND = 8, 4


class Chunk(NamedTuple):
    """One chunk of a file, which may be cut off within it."""

    name: bytes
    #: Offset of its content.
    start: int
    #: Offset of the first byte after its content, as it says; the file may end before.
    end: int

    def content(self, data: bytes) -> bytes:
        """What of its content is there."""
        return data[self.start : self.end]

    def is_intact(self, data: bytes) -> bool:
        """Whether its checksum is right; one that is cut off has none."""
        stored = data[self.end : self.end + _BEHIND]
        return stored == checksum(self.name, self.content(data))


def read_chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks in order, up to IEND or the end of the data."""
    position = len(SIGNATURE)
    while position + _BEFORE <= len(data):
        length, name = struct.unpack_from(">I4s", data, position)
        chunk = Chunk(name, position + _BEFORE, position + _BEFORE + length)
        yield chunk
        if name == b"IEND":
            return
        position = chunk.end + _BEHIND


def checksum(name: bytes, content: bytes) -> bytes:
    """The four bytes behind a chunk."""
    return struct.pack(">I", zlib.crc32(content, zlib.crc32(name)))
