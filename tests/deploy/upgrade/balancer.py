"""What stands before front ends: gives each connection to one of those that are in service, in turn."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from itertools import count

from deploy.local.servers.ports import LOOPBACK
from tests.local_proxy import LocalProxy


class Balancer(LocalProxy):
    """A front end that is taken out gets no new connection; those that it has go on."""

    def __init__(self) -> None:
        #: Ports of front ends.
        self.in_service: list[int] = []
        self._turn = count()
        super().__init__(0)

    def _connect(self) -> socket.socket:
        ports = list(self.in_service)
        return socket.create_connection((LOOPBACK, ports[next(self._turn) % len(ports)]))

    def _serve(self, client: socket.socket) -> None:
        try:
            server = self._connect()
        except OSError:
            client.close()
            return
        self._sockets += [client, server]
        for ends in ((client, server), (server, client)):
            threading.Thread(target=_pass_on, args=ends, daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
