"""A zip file that is written while it is sent: of all its members, one is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from api.answers.zip_directory import ZipDirectory


class Member(NamedTuple):
    """A file in it."""

    name: str
    changed_at: datetime
    content: bytes


def zip_stream(members: Iterable[Member]) -> Iterator[bytes]:
    """Write a zip file, member by member. Pictures are packed already: they are stored as they are."""
    directory = ZipDirectory()
    for name, changed_at, content in members:
        yield directory.enter(name, changed_at, content) + content
    yield from directory.pieces()
