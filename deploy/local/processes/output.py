"""Where the output of a child process goes: into a log file."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import IO

#: So many lines of a process that failed are shown.
_LAST_LINES = 15
_TAIL_BYTES = 8192
#: A file of this size makes room.
MOST_BYTES = 64 * 2**20


class LogFile:
    """The stdout and stderr of one process, which may be started more than once: appended to a file."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path
        self._start = 0

    def open(self) -> IO[bytes]:
        """Give what the child shall inherit; this process closes its copy. `last_lines` begins here."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("ab")
        self._start = file.seek(0, io.SEEK_END)
        return file

    def make_room(self) -> None:
        """Move what a long file holds into `NAME.log.1`, whose own content is lost: there are two at most.

        The child holds the file open and appends to it, so it is emptied and not replaced. What it writes between the
        copy and the emptying is lost, too.
        """
        if not self._path.exists() or self._path.stat().st_size < MOST_BYTES:
            return
        shutil.copyfile(self._path, self._path.with_name(f"{self._path.name}.1"))
        os.truncate(self._path, 0)
        self._start = 0

    def last_lines(self) -> list[str]:
        """Say what the process wrote last."""
        with self._path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(self._start, size - _TAIL_BYTES))
            return file.read().decode(errors="replace").splitlines()[-_LAST_LINES:]
