"""What the three servers have in common: a wheel that they come in, a port, a directory, a process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from deploy.local.processes.process import Process, ProcessFailed
from deploy.local.servers.ports import is_free


class Server(ABC):
    """A real server on loopback; port and state stay the same when it is started again."""

    name: ClassVar[str]
    _start_seconds: ClassVar[float] = 30
    _stop_seconds: ClassVar[float] = 10

    def __init__(self, directory: Path, port: int) -> None:
        """Take the place for state and log; nothing is started or written yet."""
        self.directory = directory.absolute()
        self.port = port
        self._process: Process | None = None

    @abstractmethod
    def _prepare(self) -> Process:
        """Make the state ready, and the process that will work on it."""

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether clients are served."""

    @property
    def process(self) -> Process:
        """The process of the last `launch`."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.directory / "server.log"

    @property
    def is_running(self) -> bool:
        """Whether the process lives; it may not answer yet."""
        return self._process is not None and self._process.is_running

    @property
    def return_code(self) -> int | None:
        """What the process ended with; None while it runs."""
        return self.process.return_code

    def launch(self) -> None:
        """Start it without waiting, so that several can start at once.

        Raises:
            ProcessFailed: Its port is taken.
        """
        if self._process is not None:
            self._process.kill()
        if not is_free(self.port):
            raise ProcessFailed(f"{self.name}: port {self.port} is taken")
        self.directory.mkdir(parents=True, exist_ok=True)
        self._process = self._prepare()
        self._process.start()

    def wait_until_ready(self) -> None:
        """Wait until clients are served.

        Raises:
            ProcessFailed: It died, or took too long.
        """
        self.process.wait_until(self.answers, self._start_seconds)

    def start(self) -> None:
        """Launch it and wait until it is ready."""
        self.launch()
        self.wait_until_ready()

    def stop(self) -> None:
        """End it in order; nothing happens when it does not run."""
        if self._process is not None:
            self._process.stop(self._stop_seconds)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()

    def pause(self) -> None:
        """Freeze it: connections stay open and nothing answers."""
        self.process.pause()

    def resume(self) -> None:
        """End the pause."""
        self.process.resume()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def folder_of(package: str) -> Path:
    """Find an installed package without importing it: its Python layer may want more than we do.

    Raises:
        FileNotFoundError: It is not installed.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            f"{package} is not installed; `make run` and `make test` install it"
        )
    return Path(spec.origin).parent
