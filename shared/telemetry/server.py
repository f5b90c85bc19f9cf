"""The port at which Prometheus asks a process for its metrics.

It is not the service's own port: the numbers say how much work there is, and how much of it fails. Nothing listens
unless a port is set, and then by default on the loopback alone.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import NoReturn

from prometheus_client import MetricsHandler

from shared.errors import Misconfigured
from shared.telemetry.logs import get_logger
from shared.telemetry.registry import registry_to_tell

_log = get_logger(__name__)

#: For a request and its answer: others wait for their turn meanwhile.
_PATIENCE_SECONDS = 5
#: Before the next try to take a connection, when the last one failed.
_PAUSE_SECONDS = 1


class _Handler(MetricsHandler):
    timeout = _PATIENCE_SECONDS
    server_version, sys_version = "cutwork", ""


def serve_metrics(host: str, port: int, *, is_shared: bool = False) -> None:
    """Answer in a thread of its own; not at all if the port is 0.

    Args:
        host: A numeric address of this machine.
        port: Where.
        is_shared: Whether several processes listen there, each of which tells the metrics of all.

    Raises:
        Misconfigured: The port cannot be had.
    """
    if not port:
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, reuse_port=is_shared)
    except OSError as error:
        raise Misconfigured(
            f"CUTWORK_METRICS_PORT: cannot listen on {host}, port {port}: {error.strerror}. Each process of a machine "
            "needs a port of its own."
        ) from None
    _Handler.registry = registry_to_tell()
    threading.Thread(target=_serve, args=[listener], name="metrics", daemon=True).start()


def _serve(listener: socket.socket) -> NoReturn:
    """Answer one after the other, by a loop of its own: that of `socketserver` would block gevent's."""
    while True:
        try:
            connection, client = listener.accept()
            with connection:
                _Handler(connection, client, None)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001  a scrape that fails must not be the last one
            _log.warning("metrics.not_told", reason=str(error))
            time.sleep(_PAUSE_SECONDS)
