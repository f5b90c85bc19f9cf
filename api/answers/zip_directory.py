"""What stands before each member of a zip file, and once more of all of them at its end (PKWARE's APPNOTE 6.3.10).

Python's `zipfile` keeps a kilobyte of each member until the end, and a batch may have 400,000. Here it is the bytes of
the directory itself, packed: two dozen a member.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from datetime import datetime

#: The larger counts and places stand in an extension, and in the field itself this, as for a place, or for a count.
_ELSEWHERE, _MANY = 0xFFFFFFFF, 0xFFFF
#: Versions of the format: that with its extension for what is large, and a plain one.
_LARGE, _PLAIN = 45, 20
_UNIX = 3 << 8
_NAME_IS_UTF8 = 0x800
_STORED = 0
#: A file that its owner may read and write.
_RIGHTS = 0o600 << 16

#: version, flags, method, time, date; checksum, size packed, size; lengths of the name and of the extension
_FACTS = struct.Struct("<5H3L2H")
_MADE_BY = struct.Struct("<H")
#: length of the comment, disk, kind of file; rights, place
_MORE_FACTS = struct.Struct("<3H2L")
#: kind of the extension, its length, place
_LARGE_PLACE = struct.Struct("<2HQ")
_EXTENSION = 1
#: length of what follows, versions, disks; members here, members, length of the directory, its place
_LARGE_END = struct.Struct("<4sQ2H2L4Q")
_LARGE_END_AT = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")
#: Of the packed directory, so much is unpacked at a time; of like names it becomes ten times as much.
_PIECE = 4096


class ZipDirectory:
    """The directory of one file, while that is written from its begin to its end."""

    def __init__(self) -> None:
        """Begin with no member."""
        self._count = 0
        #: Of the next member.
        self._place = 0
        self._length = 0
        self._packer = zlib.compressobj(1)
        self._packed = bytearray()

    def enter(self, name: str, changed_at: datetime, content: bytes) -> bytes:
        """Note a member, and give what stands before its content, which has to follow.

        Args:
            name: Its path, with `/`.
            changed_at: Told without its time zone, to two seconds; from 1980 on.
            content: Stored as it is; less than 4 GB.
        """
        path = name.encode()
        what = (*_dos_time(changed_at), zlib.crc32(content), len(content), len(content), len(path))
        self._note(path, what)
        header = b"PK\3\4" + _FACTS.pack(_PLAIN, _NAME_IS_UTF8, _STORED, *what, 0) + path
        self._count += 1
        self._place += len(header) + len(content)
        return header

    def pieces(self) -> Iterator[bytes]:
        """Give the directory, which ends the file; no member may follow."""
        self._packed += self._packer.flush()
        unpacker = zlib.decompressobj()
        with memoryview(self._packed) as packed:
            for begin in range(0, len(packed), _PIECE):
                if piece := unpacker.decompress(packed[begin : begin + _PIECE]):
                    yield piece
        yield self._end()

    def _note(self, path: bytes, what: tuple[int, ...]) -> None:
        is_far = self._place >= _ELSEWHERE
        version = _LARGE if is_far else _PLAIN
        extension = _LARGE_PLACE.pack(_EXTENSION, 8, self._place) if is_far else b""
        entry = (
            b"PK\1\2"
            + _MADE_BY.pack(_UNIX | version)
            + _FACTS.pack(version, _NAME_IS_UTF8, _STORED, *what, len(extension))
            + _MORE_FACTS.pack(0, 0, 0, _RIGHTS, min(self._place, _ELSEWHERE))
            + path
            + extension
        )
        self._length += len(entry)
        self._packed += self._packer.compress(entry)

    def _end(self) -> bytes:
        large = b""
        if self._count >= _MANY or max(self._length, self._place) >= _ELSEWHERE:
            rest = _LARGE_END.size - 12
            counts = (self._count, self._count, self._length, self._place)
            large = _LARGE_END.pack(b"PK\6\6", rest, _UNIX | _LARGE, _LARGE, 0, 0, *counts)
            large += _LARGE_END_AT.pack(b"PK\6\7", 0, self._place + self._length, 1)
        count = min(self._count, _MANY)
        length, place = min(self._length, _ELSEWHERE), min(self._place, _ELSEWHERE)
        return large + _END.pack(b"PK\5\6", 0, 0, count, count, length, place, 0)


def _dos_time(moment: datetime) -> tuple[int, int]:
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    date = (moment.year - 1980) << 9 | moment.month << 5 | moment.day
    return time, date
