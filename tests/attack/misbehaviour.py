"""`python -m tests.attack.misbehaviour WAY HOST PORT AUTHORITY`: six sockets that misbehave in one way.

Until they are killed. They have a process of their own, so that the client who is measured beside them does not wait
for them here. None of them has a key. Each connects again when it is hung up on.
"""

from __future__ import annotations

import random
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from tests.end_to_end.client import CUTOUT

SOCKETS = 6

_PIECE = 65_536
_POST = f"POST {CUTOUT} HTTP/1.1\r\nHost: 127.0.0.1\r\nailabapi-api-key: any\r\n".encode()
_FORM = b"Content-Type: multipart/form-data; boundary=x\r\n"
_ASK = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_ENDLESS = b"Content-Length: 1000000000000\r\n\r\n"
#: A ClientHello that never goes on.
_HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

Connect = Callable[[], socket.socket]


def unread_bodies(connect: Connect) -> None:
    """A body without an end, whose request was refused at once."""
    with _swallowing(connect()) as client:
        client.sendall(_POST + _ENDLESS)
        while True:
            client.sendall(b"z" * _PIECE)


def one_byte_chunks(connect: Connect) -> None:
    with _swallowing(connect()) as client:
        client.sendall(_POST + _FORM + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            client.sendall(b"1\r\nz\r\n" * 10_000)


def slow_heads(connect: Connect) -> None:
    """Slowloris: a head that never ends, a byte at a time."""
    with _swallowing(connect()) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        while True:
            client.sendall(b"a")
            time.sleep(0.2)


def slow_bodies(connect: Connect) -> None:
    with _swallowing(connect()) as client:
        client.sendall(_POST + _FORM + b"Content-Length: 5000000\r\n\r\n")
        while True:
            client.sendall(b"z")
            time.sleep(0.2)


def pipelined_requests(connect: Connect) -> None:
    """Small requests, sent ahead of their answers as fast as they are taken."""
    with _swallowing(connect()) as client:
        while True:
            client.sendall(_ASK * 500)


def slow_readers(connect: Connect) -> None:
    """The largest answer there is, asked for again and again and never read."""
    client = connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with client:
        while True:
            client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


def huge_header_lists(connect: Connect) -> None:
    """As many headers as are taken, each as long as it may be."""
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 8000) for number in range(48))
    with _swallowing(connect()) as client:
        while True:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n")


def long_heads_in_small_pieces(connect: Connect) -> None:
    """Almost as long as a head may be, a byte at a time."""
    client = connect()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with _swallowing(client):
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: %s\r\n" % (b"a" * 7000) * 4)
        while True:
            client.sendall(b"a")


def idle_and_half_open(connect: Connect) -> None:
    """Kept open after an answer, or begun as what it is not: TLS, noise, nothing at all."""
    first = random.choice((_ASK, _HALF_HELLO, random.randbytes(500), b""))
    with connect() as client:
        client.sendall(first)
        client.settimeout(10)
        while client.recv(_PIECE):
            pass


def scrapes_without_pause(connect: Connect) -> None:
    """For a port of metrics: one after the other, each answer read."""
    with connect() as client:
        client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        while client.recv(_PIECE):
            pass


WAYS: tuple[Callable[[Connect], None], ...] = (
    unread_bodies,
    one_byte_chunks,
    slow_heads,
    slow_bodies,
    pipelined_requests,
    slow_readers,
    huge_header_lists,
    long_heads_in_small_pieces,
    idle_and_half_open,
    scrapes_without_pause,
)


def _swallowing(client: socket.socket) -> socket.socket:
    """Take all answers of a connection, in a thread of its own."""

    def swallow() -> None:
        with suppress(OSError, ValueError):
            while client.recv(_PIECE):
                pass

    threading.Thread(target=swallow, daemon=True).start()
    return client


def _again_and_again(way: Callable[[Connect], None], connect: Connect) -> NoReturn:
    while True:
        with suppress(OSError, ValueError):
            way(connect)
        time.sleep(0.05)


def main() -> None:
    name, host, port, authority = sys.argv[1:]
    context = ssl.create_default_context(cafile=authority) if authority else None

    def connect() -> socket.socket:
        plain = socket.create_connection((host, int(port)), timeout=30)
        return context.wrap_socket(plain, server_hostname=host) if context else plain

    [way] = [way for way in WAYS if way.__name__ == name]
    for _ in range(SOCKETS):
        threading.Thread(target=_again_and_again, args=(way, connect), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
