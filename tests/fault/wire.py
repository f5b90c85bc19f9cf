"""A wire between a worker and its broker that can fall silent, as where a machine is gone and tells nobody."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from deploy.local.servers.ports import LOOPBACK


class Wire:
    """Passes bytes on between clients and a port; a connection that fell silent stays open and says nothing more."""

    def __init__(self, port: int) -> None:
        """Listen for clients of this port, on another one."""
        self._target = port
        self._listener = socket.create_server((LOOPBACK, 0))
        self._silent = threading.Event()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def fall_silent(self) -> None:
        """Pass nothing more on over the connections that there are; new ones work."""
        self._silent.set()
        self._silent = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((LOOPBACK, self._target))
                self._sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(
                        target=_pass_on, args=(*ends, self._silent), daemon=True
                    ).start()


def _pass_on(source: socket.socket, sink: socket.socket, silent: threading.Event) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            if not silent.is_set():
                sink.sendall(data)
        if not silent.is_set():
            sink.shutdown(socket.SHUT_WR)
