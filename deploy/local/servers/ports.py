"""Free ports on the loopback interface.

Nobody can reserve a port for another process, so between the choice and the server's own `bind` it can
be lost. What keeps that rare: the choice is random, from a range that the kernel does not give to
outgoing connections, and one process never gets the same port twice.
"""

from __future__ import annotations

import random
import socket
import threading

LOOPBACK = "127.0.0.1"
#: SeaweedFS listens for gRPC that far above each of its ports.
GRPC_OFFSET = 10_000

_LOWEST = 10_240
#: With the offset added it is still below 32768, where the ports of outgoing connections begin on Linux.
_HIGHEST = 32_767 - GRPC_OFFSET

_random = random.SystemRandom()
_chosen: set[int] = set()
_choosing = threading.Lock()


class NoFreePort(OSError):
    """Raised when none of many random ports was free."""


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: connections of a server that has just ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # Linux lets two sockets with SO_REUSEADDR bind, and only one of them listen.
            probe.listen(1)
        except OSError:
            return False
    return True


def is_free_with_grpc(port: int) -> bool:
    """Tell whether a SeaweedFS component could listen there, and for gRPC above it."""
    return is_free(port) and is_free(port + GRPC_OFFSET)


def free_port() -> int:
    """Choose a port that is free."""
    return _choose(with_grpc=False)


def free_port_with_grpc() -> int:
    """Choose a port that is free, and free at `port + GRPC_OFFSET` too."""
    return _choose(with_grpc=True)


def _choose(*, with_grpc: bool) -> int:
    with _choosing:
        for _ in range(1000):
            port = _random.randint(_LOWEST, _HIGHEST)
            pair = {port, port + GRPC_OFFSET}
            if pair & _chosen or not is_free(port):
                continue
            if with_grpc and not is_free(port + GRPC_OFFSET):
                continue
            _chosen.update(pair)
            return port
    raise NoFreePort(f"no free port between {_LOWEST} and {_HIGHEST} on {LOOPBACK}")
