"""A line to PostgreSQL on which round trips are counted, and which may be long."""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import suppress

from tests.local_proxy import LocalProxy


class Line(LocalProxy):
    """Passes bytes on between clients and a port; whenever a client speaks after the server has, a trip begins."""

    def __init__(self, port: int, seconds: float) -> None:
        """Listen for clients of this port, which is so far away."""
        self.trips = 0
        self._seconds = seconds
        super().__init__(port)

    def _serve(self, client: socket.socket) -> None:
        server = self._connect()
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sockets += [client, server]
        threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        last = server
        with suppress(OSError):
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is client and last is server:
                        self.trips += 1
                        time.sleep(self._seconds)
                    last = source
                    (server if source is client else client).sendall(data)
