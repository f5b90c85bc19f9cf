"""A wire between a worker and its broker that can fall silent, as where a machine is gone and tells nobody."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from tests.local_proxy import LocalProxy


class Wire(LocalProxy):
    """Passes bytes on between clients and a port; a connection that fell silent stays open and says nothing more."""

    def __init__(self, port: int) -> None:
        """Listen for clients of this port, on another one."""
        self._silent = threading.Event()
        super().__init__(port)

    def fall_silent(self) -> None:
        """Pass nothing more on over the connections that there are; new ones work."""
        self._silent.set()
        self._silent = threading.Event()

    def _serve(self, client: socket.socket) -> None:
        server = self._connect()
        self._sockets += [client, server]
        for ends in ((client, server), (server, client)):
            threading.Thread(target=_pass_on, args=(*ends, self._silent), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket, silent: threading.Event) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            if not silent.is_set():
                sink.sendall(data)
        if not silent.is_set():
            sink.shutdown(socket.SHUT_WR)
