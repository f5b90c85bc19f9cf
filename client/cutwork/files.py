"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


def _usual_mode() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask


#: Read once, here: reading it means setting it for a moment, for all threads.
_USUAL_MODE = _usual_mode()


class Draft:
    """A file that has a temporary name until all of it is on the disk."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Take an open file."""
        self.file = file
        self._name = name

    def publish(self, path: Path, mode: int = _USUAL_MODE) -> None:
        """Give it its final name, on the same file system; a file that has this name is replaced."""
        self.file.flush()
        os.fsync(self.file.fileno())
        Path(self._name).chmod(mode)
        Path(self._name).replace(path)
        _sync_folder(path.parent)


@contextmanager
def draft(folder: Path) -> Iterator[Draft]:
    """Begin a file in a folder; it is deleted at the end unless it is published."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            yield Draft(file, name)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def write_whole(path: Path, content: bytes, mode: int = _USUAL_MODE) -> None:
    """Write a file at once."""
    with draft(path.parent) as begun:
        begun.file.write(content)
        begun.publish(path, mode)


def write_texts(path: Path, texts: Iterable[str]) -> None:
    """Write a text piece by piece, and the folders above it; bytes of names that are no text become numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft(path.parent) as begun:
        for text in texts:
            begun.file.write(text.encode("utf-8", "backslashreplace"))
        begun.publish(path)


def _sync_folder(folder: Path) -> None:
    """Make the name survive a power cut, too, on systems that can sync a folder."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
