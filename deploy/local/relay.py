"""`python -m deploy.local.relay HOST PORT TARGET`: passes what comes to an address on to a port of this machine.

The object store listens on the loopback interface alone, with all that is inside it. When the front end is open to
other machines, its results must be too: this opens the S3 gateway, which asks for a signature, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from deploy.local.servers.ports import LOOPBACK

Answer = TypeVar("Answer")

#: Connections at once; more are closed.
_AT_ONCE = 500
#: Seconds after which a connection ends over which nothing goes.
_IDLE_SECONDS = 60
_PIECE = 64 * 1024


async def relay(host: str, port: int, target: int) -> None:
    """Listen there until the end.

    Raises:
        OSError: The address is taken, or not ours to take.
    """
    places = asyncio.Semaphore(_AT_ONCE)
    # As gunicorn does: `::` is for the old protocol too.
    listening = socket.create_server(
        (host, port),
        family=socket.AF_INET6 if ":" in host else socket.AF_INET,
        dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
    )
    server = await asyncio.start_server(partial(_pass_on, places, target), sock=listening)
    async with server:
        await server.serve_forever()


async def _pass_on(
    places: asyncio.Semaphore,
    target: int,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    if places.locked():
        writer.close()
        return
    async with places:
        # What breaks off here was closed by one of both: the other is closed too.
        try:
            async with _ended(writer):
                store_reader, store_writer = await asyncio.open_connection(LOOPBACK, target)
                async with _ended(store_writer), asyncio.TaskGroup() as both:
                    traffic = _Traffic()
                    both.create_task(_pump(reader, store_writer, traffic))
                    both.create_task(_pump(store_reader, writer, traffic))
        except* OSError:
            pass


@dataclass
class _Traffic:
    """When something last went over a connection, in whichever direction, by the monotonic clock."""

    at: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds after which it has been idle for too long."""
        return self.at + _IDLE_SECONDS - time.monotonic()


@contextlib.asynccontextmanager
async def _ended(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close a connection that has said all, and drop one that has not: its other end may never read on."""
    try:
        yield
    except BaseException:
        _drop(writer)
        raise
    writer.close()
    try:
        async with asyncio.timeout(_IDLE_SECONDS):
            await writer.wait_closed()
    except OSError:
        _drop(writer)


def _drop(writer: asyncio.StreamWriter) -> None:
    """Close a connection without waiting for the other end to take what is left."""
    if not writer.transport.get_write_buffer_size():
        writer.close()
        return
    # With a reset: otherwise the kernel would keep what is left for as long as the other end likes.
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, traffic: _Traffic
) -> None:
    """Pass everything on, the end too.

    Raises:
        OSError: A connection broke, or nothing went over it in either direction for too long.
    """
    while piece := await _within(source.read(_PIECE), traffic):
        sink.write(piece)
        await _within(sink.drain(), traffic)
    sink.write_eof()


async def _within(step: Awaitable[Answer], traffic: _Traffic) -> Answer:
    """Take a step of one direction, as long as the other one goes on or it is not too long ago.

    Raises:
        TimeoutError: Neither did.
    """
    task = asyncio.ensure_future(step)
    try:
        while traffic.left > 0:
            done, _ = await asyncio.wait({task}, timeout=traffic.left)
            if done:
                traffic.at = time.monotonic()
                return task.result()
    finally:
        task.cancel()
    raise TimeoutError


def main(host: str, port: str, target: str) -> None:
    """Run it, or say in one line why not."""
    try:
        asyncio.run(relay(host, int(port), int(target)))
    except OSError as error:
        sys.exit(f"cutwork: {error}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
