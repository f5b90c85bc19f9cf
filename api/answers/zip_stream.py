"""A zip file that is written while it is sent: of all its members, one is in memory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple
from zipfile import ZIP_STORED, ZipFile, ZipInfo


class Member(NamedTuple):
    """A file in it."""

    name: str
    changed_at: datetime
    content: bytes


def zip_stream(members: Iterable[Member]) -> Iterator[bytes]:
    """Write a zip file, member by member. Pictures are packed already: they are stored as they are."""
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for member in members:
            info = ZipInfo(member.name, member.changed_at.timetuple()[:6])
            archive.writestr(info, member.content)
            yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Where an archive is written to, and taken from bit by bit; it has no places to go back to."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        """Take what was written since."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
