from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from deploy.local.servers.ports import (
    GRPC_OFFSET,
    LOOPBACK,
    free_port,
    free_port_with_grpc,
    is_free,
    is_free_with_grpc,
)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server((LOOPBACK, free_port_with_grpc())) as listener:
        yield listener


def test_a_free_port_can_be_listened_on() -> None:
    port = free_port()

    with socket.create_server((LOOPBACK, port)):
        assert not is_free(port)


def test_a_port_is_not_given_twice() -> None:
    ports = [free_port() for _ in range(200)]

    assert len(set(ports)) == len(ports)


def test_a_port_with_grpc_is_free_in_both_places() -> None:
    port = free_port_with_grpc()

    with (
        socket.create_server((LOOPBACK, port)),
        socket.create_server((LOOPBACK, port + GRPC_OFFSET)),
    ):
        assert not is_free_with_grpc(port)


def test_a_port_whose_grpc_port_is_taken_is_not_free(listener: socket.socket) -> None:
    port = listener.getsockname()[1] - GRPC_OFFSET

    assert not is_free_with_grpc(port)


def test_the_connections_of_a_server_that_ended_do_not_keep_its_port(
    listener: socket.socket,
) -> None:
    port = listener.getsockname()[1]
    with socket.create_connection((LOOPBACK, port)):
        accepted, _ = listener.accept()
        accepted.close()  # The server's side closes first, and waits in TIME_WAIT.
    listener.close()

    assert is_free(port)


def test_ports_are_below_those_of_outgoing_connections() -> None:
    assert all(free_port() + GRPC_OFFSET < 32768 for _ in range(50))
