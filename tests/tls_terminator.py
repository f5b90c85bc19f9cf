"""TLS in front of a server that speaks none, and a record of what clients say inside it."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

import trustme

from deploy.local.servers.ports import LOOPBACK


class TlsTerminator:
    """Shows a certificate, and passes on what comes over connections whose clients accept it."""

    def __init__(self, target_port: int, authority: trustme.CA, name: str = LOOPBACK) -> None:
        """Listen on a port of its own, with a certificate of this authority for this name."""
        self._target_port = target_port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(self._context)
        self._listener = socket.create_server((LOOPBACK, 0))
        self._sockets: list[socket.socket] = []
        #: Connections whose handshake the client broke off.
        self.refusals = 0
        #: All that was said inside.
        self.heard = bytearray()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

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
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            inside = self._context.wrap_socket(client, server_side=True)
        except OSError:
            self.refusals += 1
            client.close()
            return
        # `select` calls a socket that the test's end has just closed a wrong value.
        with (
            inside,
            suppress(OSError, ValueError),
            socket.create_connection((LOOPBACK, self._target_port)) as server,
        ):
            self._sockets += [inside, server]
            self._pass_on(inside, server)

    def _pass_on(self, inside: ssl.SSLSocket, server: socket.socket) -> None:
        """Do both directions in one thread: two may not use one TLS connection at a time."""
        while True:
            readable = [inside] if inside.pending() else select.select([inside, server], [], [])[0]
            for source in readable:
                data = source.recv(65536)
                if not data:
                    return
                if source is inside:
                    self.heard += data
                (server if source is inside else inside).sendall(data)
