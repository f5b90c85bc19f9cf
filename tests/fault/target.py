"""One process of an installation that can be hurt, and put right again."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

from deploy.local.processes.process import Process, ProcessFailed
from deploy.local.servers.server import Server
from tests.fault.process_tree import signal_tree

_REVIVAL_SECONDS = 60
_PAUSE_BETWEEN_TRIES = 0.2


class Target:
    """A process or a server, under one set of words."""

    def __init__(
        self,
        name: str,
        kind: str,
        it: Process | Server,
        *,
        is_ready: Callable[[], bool] = lambda: True,
        grace: float = 10,
    ) -> None:
        """Name it.

        Args:
            name: What the ledger calls it.
            kind: Which faults it can have.
            it: What runs.
            is_ready: When a process, as opposed to a server, is ready.
            grace: Seconds it gets between TERM and KILL.
        """
        self.name = name
        self.kind = kind
        self._it = it
        self._is_ready = is_ready
        self._grace = grace
        #: Held by whoever hurts or heals it.
        self.busy = threading.Lock()

    @property
    def is_running(self) -> bool:
        return self._it.is_running

    @property
    def process(self) -> Process:
        return self._it.process if isinstance(self._it, Server) else self._it

    def start(self) -> None:
        """Start it and wait until it is ready, as often as that takes: its last life may hold on to something."""
        deadline = time.monotonic() + _REVIVAL_SECONDS
        while True:
            try:
                if isinstance(self._it, Server):
                    self._it.start()
                else:
                    self._it.start()
                    self._it.wait_until(self._is_ready, _REVIVAL_SECONDS)
            except ProcessFailed:
                if time.monotonic() > deadline:
                    raise
                self._it.kill()
                time.sleep(_PAUSE_BETWEEN_TRIES)
            else:
                return

    def kill(self) -> None:
        self._it.kill()

    def terminate(self) -> None:
        if isinstance(self._it, Server):
            self._it.stop()
        else:
            self._it.stop(self._grace)

    def terminate_twice(self) -> None:
        """Ask it to end, and again before it has."""
        self.process.request_stop()
        time.sleep(_PAUSE_BETWEEN_TRIES)
        self.terminate()

    def pause(self) -> None:
        signal_tree(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        signal_tree(self.process.pid, signal.SIGCONT)
