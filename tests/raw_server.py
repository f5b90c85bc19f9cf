"""A server on this machine that says, byte by byte, what a test tells it to."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from deploy.local.servers.ports import LOOPBACK

#: Answers one connection, whose request has been read; it is closed afterwards.
Script = Callable[[socket.socket], None]


@dataclass
class RawServer:
    port: int
    script: Script
    #: All requests.
    heard: list[str] = field(default_factory=list)
    #: Set at the end, for scripts that wait.
    ended: threading.Event = field(default_factory=threading.Event)


def say(answer: bytes) -> Script:
    """Say it at once."""

    def script(client: socket.socket) -> None:
        client.sendall(answer)

    return script


def ok(body: bytes, *headers: str) -> bytes:
    """Write an answer that announces its length."""
    head = "".join(f"{line}\r\n" for line in (*headers, f"Content-Length: {len(body)}"))
    return f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + body


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@contextmanager
def running_raw_server(
    script: Script, tls: ssl.SSLContext | None = None, host: str = LOOPBACK, port: int = 0
) -> Iterator[RawServer]:
    listener = socket.create_server((host, port))
    server = RawServer(listener.getsockname()[1], script)

    def serve(client: socket.socket) -> None:
        with suppress(OSError), client:
            inside = client if tls is None else tls.wrap_socket(client, server_side=True)
            with inside:
                server.heard.append(_request(inside).decode("latin-1"))
                server.script(inside)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=serve, args=[client], daemon=True).start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        server.ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()


def _request(client: socket.socket) -> bytes:
    """Read a request to its end."""
    heard = b""
    while more := client.recv(65536):
        heard += more
        head, end, body = heard.partition(b"\r\n\r\n")
        announced = re.search(rb"(?i)\ncontent-length: (\d+)", head)
        if end and len(body) >= (int(announced[1]) if announced else 0):
            break
    return heard
