"""Where the output of a child process goes: into a log file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

#: So many lines of a process that failed are shown.
_LAST_LINES = 15
_TAIL_BYTES = 8192


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

    def last_lines(self) -> list[str]:
        """Say what the process wrote last."""
        with self._path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(self._start, size - _TAIL_BYTES))
            return file.read().decode(errors="replace").splitlines()[-_LAST_LINES:]
