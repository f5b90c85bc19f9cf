"""`make run` in a folder of its own, whose broker can be taken away in any way."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import redis

from deploy.environment_file import read
from deploy.local.processes.process import Process
from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.valkey import Valkey
from shared.sql.database import Database
from tests.conditions import eventually
from tests.fault.hanging_up import hang_up
from tests.fault.idleness import Span
from tests.fault.process_tree import descendants_of

_ROOT = Path(__file__).parents[2]
#: As long as `make run` itself waits for what it starts.
_START_SECONDS = 120


class LocalService:
    """All that `make run` starts, at its default settings."""

    def __init__(self, way: str, directory: Path, stack: ExitStack) -> None:
        """Start all of it; the stack ends it.

        Args:
            way: In which the broker will go: as `tests.fault.broker_restarts` calls it.
            directory: For all that it keeps.
            stack: Holds it.
        """
        self._way = way
        self._port = free_port()
        self._own_server: Valkey | None = None
        environment = {
            **{name: value for name, value in os.environ.items() if "CUTWORK" not in name},
            "DATA_DIR": str(directory / "data"),
            "PORT": str(self._port),
        }
        if way in {"disconnect", "forget"}:
            server = Valkey(directory / "valkey", persistent=way == "disconnect")
            self._own_server = stack.enter_context(server)
            environment["CUTWORK_REDIS_URL"] = server.url
        self._process = Process(
            "make run",
            [sys.executable, "-m", "deploy.local"],
            output=directory / "log",
            environment=environment,
            directory=_ROOT,
        )
        self._process.start()
        stack.callback(self._process.stop, 40)
        environment_file = directory / "data" / "environment"
        self._process.wait_until(environment_file.exists, _START_SECONDS)
        noted = read(environment_file)
        self._redis_url = noted["CUTWORK_REDIS_URL"]
        self.database = Database(noted["CUTWORK_DATABASE_URL"])
        stack.callback(self.database.close)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self._port}"

    def take_broker_away(self, seconds: float) -> Span:
        """Take it away and bring it back; gives when."""
        gone = time.time()
        if self._way == "disconnect":
            with redis.Redis.from_url(self._redis_url) as client:
                hang_up(client)
        elif self._own_server is not None:
            self._own_server.kill()
            time.sleep(seconds)
            self._own_server.start()
        elif self._way == "freeze":
            pid = self._server_pid()
            os.kill(pid, signal.SIGSTOP)
            time.sleep(seconds)
            os.kill(pid, signal.SIGCONT)
        else:
            self._process_ends(signal.SIGKILL if self._way == "kill" else signal.SIGTERM)
        return Span(gone, time.time())

    def _process_ends(self, number: signal.Signals) -> None:
        before = self._server_pid()
        os.kill(before, number)
        eventually(lambda: self._server_pid() not in {0, before})
        eventually(self._broker_answers)

    def _server_pid(self) -> int:
        for pid in descendants_of(self._process.pid):
            with suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text().startswith("valkey"):
                    return pid
        return 0

    def _broker_answers(self) -> bool:
        try:
            with redis.Redis.from_url(self._redis_url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
