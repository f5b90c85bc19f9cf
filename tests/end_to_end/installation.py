"""A whole installation of real processes, for tests that stop, pause and kill them."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from deploy.local.processes.process import Process
from deploy.local.servers.health import answers_ok
from deploy.local.servers.ports import LOOPBACK, free_port
from shared.settings.settings import PREFIX, Settings, variable
from tests.conditions import eventually
from tests.end_to_end.client import submit

_START_SECONDS = 40
_ROOT = Path(__file__).parents[2]


class Installation:
    """One front end, any workers, one sweeper; logs lie in `directory`."""

    def __init__(self, settings: Settings, directory: Path, front_end_workers: int = 1) -> None:
        """Describe it; nothing is started yet."""
        self._front_end_workers = front_end_workers
        self.settings = settings
        self.gate = directory / "gate"
        self.port = free_port()
        self._directory = directory
        self._environment = {**outside(), **environment_of(settings)}
        self._processes: list[Process] = []
        directory.mkdir(exist_ok=True)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def start_front_end(self) -> Process:
        command = front_end_command(self.port, "--workers", str(self._front_end_workers))
        front_end = self._start("front-end", command)
        front_end.wait_until(self._answers, _START_SECONDS)
        return front_end

    def start_worker(self) -> Process:
        """Start a worker whose network waits at the gate as long as that is closed."""
        command = [sys.executable, "-m", "tests.end_to_end.gated_worker", str(self.gate)]
        return self._start("worker", command)

    def start_sweeper(self) -> Process:
        return self._start("sweeper", [sys.executable, "-m", "worker.sweeper"])

    def close_gate(self) -> None:
        """Let the next job stand still just before the network runs."""
        self.gate.mkdir()

    def open_gate(self) -> None:
        for mark in self.gate.iterdir():
            mark.unlink()
        self.gate.rmdir()

    def count_at_gate(self) -> int:
        """Count the attempts that stand before the network, dead ones included."""
        return len(list(self.gate.iterdir())) if self.gate.exists() else 0

    def hold_a_job(
        self, photo: bytes, start: Callable[[], Process] | None = None
    ) -> tuple[Process, str]:
        """Submit a photo, and wait until a worker stands still with it at the closed gate.

        Args:
            photo: What to submit.
            start: Starts the worker, which begins once the gate is closed; None: `start_worker`.
        """
        self.close_gate()
        worker = (start or self.start_worker)()
        task_id = submit(self.url, photo)
        eventually(self.count_at_gate)
        return worker, task_id

    def logs(self) -> str:
        return "".join(log.read_text() for log in sorted(self._directory.glob("*.log")))

    def __enter__(self) -> Self:
        self.start_front_end()
        self.start_sweeper()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in reversed(self._processes):
            process.stop(10)
        sys.stdout.write(self.logs())  # pytest shows it when the test failed

    def _start(self, name: str, command: list[str], **settings: str) -> Process:
        log = self._directory / f"{name}-{len(self._processes)}.log"
        changed = {variable(setting): value for setting, value in settings.items()}
        environment = {**self._environment, **changed}
        process = Process(name, command, output=log, environment=environment, directory=_ROOT)
        process.start()
        self._processes.append(process)
        return process

    def _answers(self) -> bool:
        return answers_ok(LOOPBACK, self.port, "/readyz")


def front_end_command(port: int, *options: str) -> list[str]:
    """Start gunicorn as a front end is deployed, at a port of this machine."""
    return [
        str(Path(sysconfig.get_path("scripts"), "gunicorn")),
        *("-c", "deploy/gunicorn.conf.py", *options),
        *("--bind", f"{LOOPBACK}:{port}", "api.wsgi:create_app()"),
    ]


def environment_of(settings: Settings) -> Mapping[str, str]:
    """Write settings down as the variables that they are read from."""
    values = {name: getattr(settings, name) for name in type(settings).model_fields}
    return {
        variable(name): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
    }


def outside() -> Mapping[str, str]:
    """Take the variables of this process that are no settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
