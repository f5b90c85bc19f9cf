"""Ports of this machine, for servers that take several."""

from __future__ import annotations

import socket

from deploy.local.servers.ports import LOOPBACK, free_port
from tests.conditions import eventually


def ports_in_a_row(count: int) -> int:
    """Find some that are free beside each other, and return the first."""

    def find() -> int:
        first = free_port()
        try:
            for number in range(count):
                socket.create_server((LOOPBACK, first + number)).close()
        except OSError:
            return 0
        return first

    return eventually(find)
