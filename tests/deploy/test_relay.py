"""The relay: bytes go through both ways, ends too, and nothing is left of a connection that broke."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import pytest

from deploy.local import relay as module
from deploy.local.relay import relay
from deploy.local.servers.ports import LOOPBACK, free_port

_T = TypeVar("_T")
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]
#: Linux, `tcp_states.h`.
_CLOSED = 7


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send all back, in capitals, and close when the other end has closed."""
    while piece := await reader.read(1000):
        writer.write(piece.upper())
        await writer.drain()
    writer.close()


async def _trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer slowly to what was asked at once."""
    await reader.read(1)
    for _ in range(20):
        writer.write(b"x")
        await asyncio.sleep(0.02)
    writer.close()


async def _flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send more than all buffers on the way hold."""
    with suppress(OSError):
        writer.write(bytes(20_000_000))
        await writer.drain()
    writer.close()


@asynccontextmanager
async def relaying(host: str, target: int) -> AsyncIterator[int]:
    """A relay to a port, by its own."""
    port = free_port()
    task = asyncio.create_task(relay(host, port, target))
    await _until_it_listens(port)
    yield port
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@asynccontextmanager
async def relayed(serve: Serve = _echo, host: str = LOOPBACK) -> AsyncIterator[int]:
    """A relay before an echo, or another server, by its port."""
    server = await asyncio.start_server(serve, LOOPBACK, 0)
    async with server, relaying(host, server.sockets[0].getsockname()[1]) as port:
        yield port


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run it, and let all connections come to their end."""

    async def run_all() -> _T:
        result = await coroutine
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            _, unfinished = await asyncio.wait(others, timeout=30)
            assert not unfinished
        # Connections are closed in the next turns of the loop.
        for _ in range(5):
            await asyncio.sleep(0)
        return result

    return asyncio.run(run_all())


async def _until_it_listens(port: int) -> None:
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write_eof()
            # Its place is free again.
            await reader.read()
            writer.close()
            return
        await asyncio.sleep(0)


def test_all_goes_through_and_so_does_the_end() -> None:
    sent = b"photo" * 100_000

    async def exchange() -> bytes:
        async with relayed() as port:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            reading = asyncio.create_task(reader.read(-1))
            writer.write(sent)
            writer.write_eof()
            got = await reading
            writer.close()
            return got

    assert run(exchange()) == sent.upper()


def test_a_connection_over_which_nothing_goes_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.05)

    async def wait_for_the_end() -> bytes:
        async with relayed() as port:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            end = await reader.read()
            writer.close()
            return end

    assert run(wait_for_the_end()) == b""


def test_a_slow_answer_to_who_says_nothing_more_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.2)

    async def ask() -> bytes:
        async with relayed(_trickle) as port:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(b"?")
            answer = await reader.read(-1)
            writer.close()
            return answer

    assert run(ask()) == b"x" * 20


def test_who_never_takes_its_answer_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.1)

    async def ask() -> int:
        async with relayed(_flood) as port:
            with socket.create_connection((LOOPBACK, port)) as client:
                async with asyncio.timeout(20):
                    while _state_of(client) != _CLOSED:
                        await asyncio.sleep(0)
                return _state_of(client)

    assert run(ask()) == _CLOSED


def _state_of(connection: socket.socket) -> int:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def test_all_addresses_are_those_of_the_old_protocol_too() -> None:
    async def come() -> bytes:
        async with relayed(host="::") as port:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(b"a")
            got = await reader.read(1)
            writer.close()
            return got

    assert run(come()) == b"A"


def test_more_than_so_many_are_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 1)

    async def come_second() -> tuple[bytes, bytes]:
        async with relayed() as port:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(b"a")
            first = await reader.read(1)
            second_reader, second_writer = await asyncio.open_connection(LOOPBACK, port)
            second = await second_reader.read()
            writer.close()
            second_writer.close()
            return first, second

    assert run(come_second()) == (b"A", b"")


def test_a_store_that_is_away_ends_the_connection() -> None:
    async def ask() -> bytes:
        async with relaying(LOOPBACK, free_port()) as port:
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            end = await reader.read()
            writer.close()
            return end

    assert run(ask()) == b""


def test_an_address_that_is_taken_is_told_in_one_line() -> None:
    with socket.create_server((LOOPBACK, free_port())) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=r"cutwork: .*[Aa]ddress already in use"):
            module.main(LOOPBACK, str(port), "1")
