"""The database as a target where it is a file: a writer that does not let go."""

from __future__ import annotations

import sqlite3
import threading

from sqlalchemy import make_url

from tests.fault.target import Target


class SqliteLock(Target):
    """Holds the write lock as long as it is paused."""

    def __init__(self, database_url: str) -> None:
        """Name the file."""
        self.name = self.kind = "sqlite"
        self.busy = threading.Lock()
        self._path = str(make_url(database_url).database)
        self._connection: sqlite3.Connection | None = None

    @property
    def is_running(self) -> bool:
        return True

    def pause(self) -> None:
        self._connection = sqlite3.connect(self._path, timeout=10, check_same_thread=False)
        self._connection.isolation_level = None
        self._connection.execute("BEGIN IMMEDIATE")

    def resume(self) -> None:
        assert self._connection is not None
        self._connection.execute("ROLLBACK")
        self._connection.close()
