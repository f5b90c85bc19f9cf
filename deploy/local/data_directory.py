"""The folder that holds everything one local installation knows."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import stat
from pathlib import Path
from typing import IO, NamedTuple

from sqlalchemy import URL

from deploy.private_file import write_privately
from shared.errors import CutworkError

#: What a mode lets others than the owner do.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Occupied(CutworkError):
    """Raised when another instance works on the same folder."""


class Exposed(CutworkError):
    """Raised when other users of the machine can look into the folder, and it is not ours to close."""


class Credentials(NamedTuple):
    """What the processes of one installation show each other."""

    #: The pair of keys of the object store.
    access_key: str
    secret_key: str
    broker_password: str
    database_password: str


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
            Exposed: Other users can look into it, and something else than ours lies there.
            OSError: It cannot be made or written.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._close_to_others()
        lock = (self.path / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise Occupied(
                f"another instance runs on {self.path}; stop it, or set DATA_DIR to another folder"
            ) from None
        self._lock = lock

    def _close_to_others(self) -> None:
        found = self.path.stat()
        if found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & _OTHERS:
            return
        is_ours = (self.path / "lock").exists() or not any(self.path.iterdir())
        if found.st_uid != os.geteuid() or not is_ours:
            raise Exposed(
                f"other users of this machine can look into {self.path}: "
                "chmod 700 it, or set DATA_DIR to a folder that is yours alone"
            )
        self.path.chmod(0o700)

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
    def postgres(self) -> Path:
        """State and log of the database, when somebody asks for it."""
        return self.path / "postgres"

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
        """Read the keys and passwords; those that are not there yet are made."""
        file = self.path / "credentials.json"
        noted = json.loads(file.read_text()) if file.exists() else {}
        made = Credentials(
            access_key=f"cutwork-{secrets.token_hex(4)}",
            secret_key=secrets.token_urlsafe(32),
            broker_password=secrets.token_urlsafe(32),
            database_password=secrets.token_urlsafe(32),
        )._replace(**noted)
        if made._asdict() != noted:
            write_privately(file, json.dumps(made._asdict()))
        return made

    def note_environment(self, text: str) -> Path:
        """Leave what `cutwork-admin` can read to reach this installation; it has the keys in it."""
        file = self.path / "environment"
        write_privately(file, text)
        return file
