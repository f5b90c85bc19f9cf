"""One client's connection, kept from starving other clients, and from filling the memory.

Under gevent a greenlet runs until it has to wait. One whose client always has more to say, or never takes what it is
told, would run or wait for ever: so every read gives others a turn, and everything has an end. Nothing of the
application is imported here, because gunicorn imports this before gevent has patched anything.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from typing import Any

import gevent  # type: ignore[import-untyped]
from gunicorn.http.body import Body, ChunkedReader
from gunicorn.http.errors import InvalidChunkSize, NoMoreData, ParseException
from gunicorn.http.message import Request

#: What other servers take, too: nginx's default.
LARGEST_HEAD_BYTES = 32 * 1024

#: A client has to take an answer in this time, and in more of it what is large: a picture has some megabytes.
SEND_SECONDS = 20.0
LEAST_BYTES_A_SECOND = 64 * 1024

#: What is left of a body when its answer is there is read and thrown away: most clients look for the answer only when
#: they have sent everything, and the end of the connection would take it from them. Slowly, so that it costs little.
_LINGER_BYTES = 32 * 1024 * 1024
_LINGER_PIECE = 64 * 1024
#: How long the rest of a refused upload is read, so that its client sees the answer.
_LINGER_SECONDS = 30.0
#: Between two pieces of that rest: it must not take time from others.
_LINGER_PAUSE_SECONDS = 0.004

#: Before each further request of a client that does not wait for its answers.
_PIPELINED_PAUSE_SECONDS = 0.05

#: So many chunks are looked at together, and have to hold so many bytes each on average. Taking a chunk apart costs as
#: much as reading some kilobytes.
_CHUNKS_TOGETHER = 256
_LEAST_CHUNK_BYTES = 64


_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Head(Request):  # type: ignore[misc]
    """gunicorn's reader of a head, with an end to all headers together, and slower to ask for the body.

    Its own end is that of one header times their number: 400 KB, which it looks through anew after every piece of them.
    And it asks for every body of a client that waits with it (RFC 9110, 10.1.1) before anybody looked at the head.
    """

    _is_held_back = False
    _expected_100_continue: bool  # gunicorn's

    def hold_back(self) -> None:
        """Leave a client waiting with its body until somebody reads it."""
        self._is_held_back = self._expected_100_continue
        self._expected_100_continue = False

    def ask_for_body(self, client: Connection) -> None:
        """Let a client that waits go on."""
        if self._is_held_back:
            self._is_held_back = False
            client.sendall(_CONTINUE)

    def give_body_up(self) -> None:
        """Read from now on what comes, and ask for nothing."""
        self._is_held_back = False

    def should_close(self) -> bool:
        """Tell whether the connection ends: also if the body was not asked for, since it may come all the same."""
        return self._is_held_back or bool(super().should_close())

    @property
    def max_buffer_headers(self) -> int:
        """How many bytes all headers of a request may have."""
        return LARGEST_HEAD_BYTES

    @max_buffer_headers.setter
    def max_buffer_headers(self, _its_own: int) -> None:
        pass


class Connection:
    """A client's socket, as gunicorn sees it."""

    def __init__(self, socket: Any) -> None:
        """Stand before a gevent socket; what is not said here is its own."""
        self._socket = socket

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def recv(self, size: int) -> bytes:
        """Read what is there, after all others have had their turn."""
        gevent.sleep(0)
        received: bytes = self._socket.recv(size)
        return received

    def sendall(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            ConnectionResetError: The client did not take it in time.
        """
        slow = ConnectionResetError(errno.ECONNRESET, "the client does not read its answer")
        with gevent.Timeout(SEND_SECONDS + len(data) / LEAST_BYTES_A_SECOND, slow):
            self._socket.sendall(data)


class FairReader:
    """The reader of a request's body, that gives others a turn before each piece."""

    def __init__(self, reader: Any, ask: Callable[[], None]) -> None:
        """Stand before one of gunicorn's readers; asks for the body before it reads."""
        self._reader, self._ask = reader, ask
        if isinstance(reader, ChunkedReader):
            reader.parser = _of_fair_size(reader.parser)

    def read(self, size: int) -> bytes:
        """Read up to so many bytes."""
        gevent.sleep(0)
        self._ask()
        piece: bytes = self._reader.read(size)
        return piece


def discard(body: Body) -> bool:
    """Read what is left of a body; False if there was too much of it, and the connection has to end."""
    left = _LINGER_BYTES
    with gevent.Timeout(_LINGER_SECONDS, False):
        while left > 0:
            try:
                piece = body.read(_LINGER_PIECE)
            except (ParseException, NoMoreData):
                return False
            if not piece:
                return True
            left -= len(piece)
            gevent.sleep(_LINGER_PAUSE_SECONDS)
    return False


def make_wait(unreader: Any) -> None:
    """Let a client wait that has sent its next request before it had its answer."""
    if unreader.buf.tell():
        gevent.sleep(_PIPELINED_PAUSE_SECONDS)


def _of_fair_size(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass chunks on, or parts of them, unless they are tiny.

    Raises:
        InvalidChunkSize: They are.
    """
    count = size = 0
    for chunk in chunks:
        count, size = count + 1, size + len(chunk)
        if count % _CHUNKS_TOGETHER == 0:
            if size < count * _LEAST_CHUNK_BYTES:
                raise InvalidChunkSize(b"too many tiny chunks")
            gevent.sleep(0)
        yield chunk
