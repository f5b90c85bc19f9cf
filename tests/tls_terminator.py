"""TLS in front of a server that speaks none, and a record of what clients say inside it."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress

import trustme

from deploy.local.servers.ports import LOOPBACK
from tests.local_proxy import LocalProxy


class TlsTerminator(LocalProxy):
    """Shows a certificate, and passes on what comes over connections whose clients accept it."""

    def __init__(self, target_port: int, authority: trustme.CA, name: str = LOOPBACK) -> None:
        """Listen on a port of its own, with a certificate of this authority for this name."""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(self._context)
        #: Connections whose handshake the client broke off.
        self.refusals = 0
        #: All that was said inside.
        self.heard = bytearray()
        super().__init__(target_port)

    def _serve(self, client: socket.socket) -> None:
        threading.Thread(target=self._terminate, args=[client], daemon=True).start()

    def _terminate(self, client: socket.socket) -> None:
        try:
            inside = self._context.wrap_socket(client, server_side=True)
        except OSError:
            self.refusals += 1
            client.close()
            return
        # `select` calls a socket that the test's end has just closed a wrong value.
        with inside, suppress(OSError, ValueError), self._connect() as server:
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
