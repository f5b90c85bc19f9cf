"""The folder that holds everything one local installation knows."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import IO, NamedTuple

from sqlalchemy import URL

from shared.errors import CutworkError


class Occupied(CutworkError):
    """Raised when another instance works on the same folder."""


class Credentials(NamedTuple):
    """The one pair of keys of the object store."""

    access_key: str
    secret_key: str


class DataDirectory:
    """`$DATA_DIR`: for one instance at a time, and closed to other users of the machine."""

    def __init__(self, path: Path) -> None:
        """Touch nothing yet."""
        self.path = path.absolute()
        self._lock: IO[bytes] | None = None

    def lock(self) -> None:
        """Make the folder, and keep others out of it for as long as this process lives.

        Raises:
            Occupied: Another process has it.
            OSError: It cannot be made or written.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (self.path / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise Occupied(
                f"another instance runs on {self.path}; stop it, or set DATA_DIR to another folder"
            ) from None
        self._lock = lock

    def unlock(self) -> None:
        """Let others in; the end of the process does the same."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def database_url(self) -> str:
        """The job table, when nobody asks for PostgreSQL."""
        return URL.create("sqlite", database=str(self.path / "cutwork.sqlite3")).render_as_string()

    @property
    def valkey(self) -> Path:
        """State and log of the broker."""
        return self.path / "valkey"

    @property
    def seaweedfs(self) -> Path:
        """State and log of the object store."""
        return self.path / "seaweedfs"

    @property
    def models(self) -> Path:
        """The networks that were pulled."""
        return self.path / "models"

    def credentials(self) -> Credentials:
        """Read the keys of the object store; the first time, make them."""
        file = self.path / "credentials.json"
        if not file.exists():
            made = Credentials(f"cutwork-{secrets.token_hex(4)}", secrets.token_urlsafe(32))
            _write_privately(file, json.dumps(made._asdict()))
        return Credentials(**json.loads(file.read_text()))

    def note_environment(self, text: str) -> Path:
        """Leave what a shell can read to reach this installation; it has the keys in it."""
        file = self.path / "environment"
        _write_privately(file, text)
        return file


def _write_privately(file: Path, text: str) -> None:
    # Never readable by others, and never half there.
    unfinished = file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as target:
        target.write(text)
    unfinished.rename(file)
