"""A server of this process in front of another one, which a test's end closes with all connections through it."""

from __future__ import annotations

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import Self

from deploy.local.servers.ports import LOOPBACK


class LocalProxy(ABC):
    """Listens on a port of its own from the start; what becomes of a connection, its subclass says."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server((LOOPBACK, 0))
        #: What is closed at the end, beside the listener.
        self._sockets: list[socket.socket] = []
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

    @abstractmethod
    def _serve(self, client: socket.socket) -> None:
        """Pass a client's connection on; it must return soon."""

    def _connect(self) -> socket.socket:
        """Connect to the server behind."""
        return socket.create_connection((LOOPBACK, self._target_port))

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._serve(client)
