"""Where the output of a child process goes: into a log file, or on to the terminal."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

#: So many lines of a process that failed are shown.
_LAST_LINES = 15
_TAIL_BYTES = 8192


class Output(ABC):
    """The stdout and stderr of one process, which may be started more than once."""

    @abstractmethod
    def open(self) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Give what the child shall inherit; this process closes its copy on leaving."""

    @abstractmethod
    def last_lines(self) -> list[str]:
        """Say what the process wrote last."""

    @abstractmethod
    def finish(self) -> None:
        """Wait until everything that the ended process wrote has gone through."""


class LogFile(Output):
    """Appends to a file."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self._path = path
        self._start = 0

    def open(self) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Open the file; `last_lines` begins here."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("ab")
        self._start = file.seek(0, io.SEEK_END)
        return file

    def last_lines(self) -> list[str]:
        """Read the end of the file."""
        with self._path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(max(self._start, size - _TAIL_BYTES))
            return file.read().decode(errors="replace").splitlines()[-_LAST_LINES:]

    def finish(self) -> None:
        """Do nothing: the child writes to the file itself."""


class PassedThrough(Output):
    """Hands each line on to this process's stdout, as a whole, so that processes do not mix in a line."""

    def __init__(self, prefix: str = "") -> None:
        """Take what stands in front of each line."""
        self._prefix = prefix.encode()
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open a pipe, with a thread at its other end."""
        read_end, write_end = os.pipe()
        # A daemon: whatever holds the pipe open must not hold up the end of this process.
        self._thread = threading.Thread(target=self._pass_on, args=(read_end,), daemon=True)
        self._thread.start()
        with os.fdopen(write_end, "wb") as pipe:
            yield pipe

    def last_lines(self) -> list[str]:
        """Repeat the last lines: stdout may not be where the reader of an error is looking."""
        return list(self._last_lines)

    def finish(self) -> None:
        """Wait for the thread; not for long, in case a grandchild lives on with the pipe."""
        if self._thread is not None:
            self._thread.join(timeout=1)

    def _pass_on(self, read_end: int) -> None:
        with os.fdopen(read_end, "rb") as pipe:
            for line in pipe:
                self._last_lines.append(line.decode(errors="replace").rstrip())
                # A terminal that is gone must not block the child on a full pipe.
                with contextlib.suppress(OSError, ValueError):
                    sys.stdout.buffer.write(self._prefix + line)
                    sys.stdout.buffer.flush()
