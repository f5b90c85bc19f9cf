"""A whole installation that can be hurt anywhere: servers, two front ends, two workers, two sweepers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from deploy.local.processes.process import Process
from deploy.local.servers.health import answers_ok
from deploy.local.servers.ports import LOOPBACK, free_port
from deploy.local.servers.postgres import Postgres
from deploy.local.servers.seaweedfs import SeaweedFS
from deploy.local.servers.server import Server
from deploy.local.servers.valkey import Valkey
from shared.objects.store import ObjectStore
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.sql.schema import migrate
from tests.end_to_end.installation import environment_of, front_end_command, outside
from tests.fault.sqlite_lock import SqliteLock
from tests.fault.target import Target
from tests.file_server import FileServer
from tests.webhook_receiver import SECRET, Receiver, running_receiver

DatabaseKind = Literal["postgres", "sqlite"]

_ROOT = Path(__file__).parents[2]
_TWO = (1, 2)
_KEEP_UP_SECONDS = 0.5
_FRONT_END_GRACE = 12

#: Short times, so that a minute is long enough to recover in.
BRISK: Mapping[str, Any] = {
    "lease": 3,
    "retry_backoff": 0.2,
    "run_timeout": 8,
    "sweep_interval": 0.5,
    "republish_after": 2,
    "shutdown_grace": 3,
    "inline_wait": 4,
    "sync_wait": 6,
    "keyless": True,
}


class Fleet:
    """Everything that runs, by name; what ends by itself is started again, as a supervisor would."""

    def __init__(
        self, settings: Settings, servers: list[Server], directory: Path, receiver: Receiver
    ) -> None:
        """Describe the processes; the servers run already."""
        self.settings = settings
        self.receiver = receiver
        self.directory = directory
        self.ended_by_themselves = 0
        ports = {number: free_port() for number in _TWO}
        self.urls = [f"http://{LOOPBACK}:{port}" for port in ports.values()]
        front_ends = [self._front_end(number, port) for number, port in ports.items()]
        workers = [self._python("worker", number, "worker") for number in _TWO]
        sweepers = [self._python("sweeper", number, "worker.sweeper") for number in _TWO]
        self.processes = [*front_ends, *workers, *sweepers]
        self.targets = [
            *(Target(server.name, server.name, server) for server in servers),
            *self.processes,
        ]
        if settings.database_url.startswith("sqlite"):
            self.targets.append(SqliteLock(settings.database_url))
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep_up, name="keeper", daemon=True)

    def start(self) -> None:
        for target in self.processes:
            target.start()
        self._keeper.start()

    def stop(self) -> None:
        self._stopping.set()
        self._keeper.join()
        for target in reversed(self.processes):
            target.kill()

    def count_in_logs(self, *words: str) -> dict[str, int]:
        """Count the log lines that hold each of some words."""
        counts = dict.fromkeys(words, 0)
        for log in self.directory.glob("*.log"):
            with log.open(errors="replace") as lines:
                for line in lines:
                    for word in words:
                        counts[word] += word in line
        return counts

    def log_of(self, target: Target) -> Path:
        """Name the file that holds what a process said, in all its lives."""
        return self._log(target.name)

    def _log(self, name: str) -> Path:
        return self.directory / f"{name.replace(' ', '-')}.log"

    def _keep_up(self) -> None:
        while not self._stopping.wait(_KEEP_UP_SECONDS):
            for target in self.targets:
                if target.is_running or not target.busy.acquire(blocking=False):
                    continue
                try:
                    if not target.is_running:
                        self.ended_by_themselves += 1
                        target.start()
                finally:
                    target.busy.release()

    def _front_end(self, number: int, port: int) -> Target:
        command = front_end_command(port, "--workers", "1")
        return self._target(
            "front end",
            number,
            command,
            is_ready=partial(answers_ok, LOOPBACK, port, "/healthz"),
            grace=_FRONT_END_GRACE,
        )

    def _python(self, kind: str, number: int, module: str) -> Target:
        return self._target(kind, number, [sys.executable, "-m", module])

    def _target(self, kind: str, number: int, command: list[str], **options: Any) -> Target:
        name = f"{kind} {number}"
        process = Process(
            name,
            command,
            output=self._log(name),
            environment={**outside(), **environment_of(self.settings), "PYTHONUNBUFFERED": "1"},
            directory=_ROOT,
        )
        return Target(name, kind, process, **options)


@contextmanager
def fleet(
    directory: Path,
    database: DatabaseKind = "postgres",
    photos: FileServer | None = None,
    pace: Mapping[str, Any] = BRISK,
) -> Iterator[Fleet]:
    """Run servers and processes, all of them new.

    Args:
        directory: For what they keep and say.
        database: Which one.
        photos: Where photos may be fetched from; None: nowhere.
        pace: The settings that are not the default ones.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        valkey = stack.enter_context(Valkey(directory / "valkey", persistent=False))
        store = stack.enter_context(SeaweedFS(directory / "seaweedfs"))
        receiver = stack.enter_context(running_receiver())
        servers: list[Server] = [valkey, store]
        if database == "postgres":
            postgres = stack.enter_context(Postgres.temporary(fsync=True))
            servers.append(postgres)
            database_url = postgres.create_database("fleet")
        else:
            database_url = f"sqlite:///{directory}/cutwork.sqlite3"
        settings = Settings(
            database_url=database_url,
            redis_url=SecretStr(valkey.url),
            s3_endpoint=store.endpoint,
            s3_access_key=store.access_key,
            s3_secret_key=SecretStr(store.secret_key),
            webhook_secrets=SecretStr(SECRET),
            image_url=photos is not None,
            outgoing_ports=",".join(map(str, (receiver.port, *([photos.port] if photos else ())))),
            outgoing_allowed_networks=f"{LOOPBACK}/32",
        ).model_copy(update=dict(pace))
        set_up(settings)
        running = Fleet(settings, servers, directory, receiver)
        stack.callback(running.stop)
        running.start()
        yield running


def set_up(settings: Settings) -> None:
    """Make the schema and the buckets."""
    connection = Database(settings.database_url)
    migrate(connection)
    connection.close()
    ObjectStore(settings).set_up()
