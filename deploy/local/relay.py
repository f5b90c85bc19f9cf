"""`python -m deploy.local.relay HOST PORT TARGET`: passes what comes to an address on to a port of this machine.

The object store listens on the loopback interface alone, with all that is inside it. When the front end is open to
other machines, its results must be too: this opens the S3 gateway, which asks for a signature, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from functools import partial

from deploy.local.servers.ports import LOOPBACK

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
    server = await asyncio.start_server(partial(_pass_on, places, target), host, port)
    async with server:
        await server.serve_forever()


async def _pass_on(
    places: asyncio.Semaphore,
    target: int,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    with contextlib.closing(writer):
        if places.locked():
            return
        # What breaks off here was closed by one of both: the other is closed too.
        async with places:
            try:
                store_reader, store_writer = await asyncio.open_connection(LOOPBACK, target)
                with contextlib.closing(store_writer):
                    async with asyncio.TaskGroup() as both:
                        both.create_task(_pump(reader, store_writer))
                        both.create_task(_pump(store_reader, writer))
            except* OSError:
                pass


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass everything on, the end too.

    Raises:
        OSError: A connection broke, or nothing went over it for too long.
    """
    while True:
        async with asyncio.timeout(_IDLE_SECONDS):
            piece = await source.read(_PIECE)
            if not piece:
                break
            sink.write(piece)
            await sink.drain()
    sink.write_eof()


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
