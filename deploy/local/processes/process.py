"""One child process: started, waited for, stopped, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.processes.output import LogFile
from shared.errors import CutworkError

_LEASH = Path(__file__).with_name("leash.py")
_POLL_SECONDS = 0.02

#: The kernel's "your parent died" means the *thread* that started the child, so all children are started
#: by one thread that lives as long as this process.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="process-starter")


class ProcessFailed(CutworkError):
    """Raised when a child died, or was not ready in time; ends with its last lines."""


class Process:
    """A command that runs in its own session, so that a Ctrl-C in the terminal does not reach it.

    It dies with this process, whatever that dies of (see `leash`). After it has ended it may be started
    again.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        output: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        user: str = "",
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        """Describe the process.

        Args:
            name: What messages call it.
            command: The program, looked up in `PATH`, and its arguments.
            output: The log file that stdout and stderr are appended to.
            environment: The whole environment. None: this process's own.
            directory: The working directory. None: this process's own.
            user: The account to run as; only root can give one.
            stop_signal: What asks it to end.
        """
        self.name = name
        self._command = list(command)
        self._output = LogFile(output)
        self._environment = environment
        self._directory = directory
        self._user = user
        self._stop_signal = stop_signal
        self._popen: subprocess.Popen[bytes] | None = None
        #: None when there is nothing left to signal: the number may belong to others by then.
        self._group: int | None = None

    def start(self) -> None:
        """Start it without waiting for it to be ready."""
        if self.is_running:
            raise RuntimeError(f"{self.name} runs already")
        # What the last run left behind may hold its port.
        self.kill()
        self._popen = _starter.submit(self._open).result()
        self._group = self._popen.pid

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its process group."""
        return self._started.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def return_code(self) -> int | None:
        """What it ended with, negative for a signal; None while it runs."""
        return self._started.poll()

    def wait_until(self, ready: Callable[[], bool], timeout_seconds: float) -> None:
        """Wait for a condition, as long as the process lives.

        Raises:
            ProcessFailed: It ended first, or the time was up.
        """
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            if not self.is_running:
                raise self._failure(f"ended with {self.return_code} before it was ready")
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready after {timeout_seconds:g} s")
            time.sleep(_POLL_SECONDS)

    def finish(self, timeout_seconds: float) -> None:
        """Wait until it has ended by itself.

        Raises:
            ProcessFailed: It failed, or did not end in time and was killed.
        """
        try:
            return_code = self._started.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise self._failure(f"did not end within {timeout_seconds:g} s") from None
        self.kill()
        if return_code != 0:
            raise self._failure(f"ended with {return_code}")

    def request_stop(self) -> None:
        """Ask it to end, without waiting."""
        if self.is_running:
            self._started.send_signal(self._stop_signal)
            # A process that is paused would not see the request.
            self._started.send_signal(signal.SIGCONT)

    def stop(self, grace_seconds: float) -> None:
        """Ask it to end; kill it, and all it started, when it has not within the grace."""
        if self._popen is None:
            return
        self.request_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(grace_seconds)
        self.kill()

    def kill(self) -> None:
        """End it, and all it started, at once (SIGKILL)."""
        if self._popen is None:
            return
        self._signal_group(signal.SIGKILL)
        self._popen.wait()
        self._group = None

    def make_room_in_log(self) -> None:
        """Keep its log file from growing without end; for whoever looks after it from time to time."""
        self._output.make_room()

    def pause(self) -> None:
        """Freeze it and all it started (SIGSTOP)."""
        self._signal_group(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run on (SIGCONT)."""
        self._signal_group(signal.SIGCONT)

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._popen is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._popen

    def _open(self) -> subprocess.Popen[bytes]:
        leash = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), self._user]
        with self._output.open() as stdout:
            return subprocess.Popen(  # noqa: S603 - commands come from this project alone
                leash + self._command,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._directory,
                start_new_session=True,
            )

    def _signal_group(self, number: signal.Signals) -> None:
        if self._group is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._group, number)

    def _failure(self, what: str) -> ProcessFailed:
        lines = [f"{self.name} {what}", *self._output.last_lines()]
        return ProcessFailed("\n    ".join(lines))
