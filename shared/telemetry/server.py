"""The port at which Prometheus asks a process for its metrics.

It is not the service's own port: the numbers say how much work there is, and how much of it fails. Nothing listens
unless a port is set, and then by default on the loopback alone.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import NamedTuple, NoReturn
from urllib.parse import urlsplit

from prometheus_client.exposition import choose_encoder

from shared.errors import Misconfigured
from shared.telemetry.logs import get_logger
from shared.telemetry.registry import registry_to_tell
from shared.telemetry.telling import Telling

_log = get_logger(__name__)

#: For all of a request, however little of it comes at a time; and for its answer to be taken.
_PATIENCE_SECONDS = 5
#: Connections at once; whoever comes when all places are taken waits for one.
_PLACES = 16
#: Before the next try to take a connection, when the last one failed.
_PAUSE_SECONDS = 1
_LOCALHOST = "localhost"


class _Port(NamedTuple):
    telling: Telling
    #: Whether only this machine can reach it.
    is_local: bool


class _Handler(BaseHTTPRequestHandler):
    timeout = _PATIENCE_SECONDS
    server_version, sys_version = "cutwork", ""
    server: _Port  # type: ignore[assignment]

    def setup(self) -> None:
        super().setup()
        # `timeout` begins anew with each byte.
        self._late = threading.Timer(_PATIENCE_SECONDS, self._hear_no_more)
        self._late.daemon = True
        self._late.start()

    def finish(self) -> None:
        self._late.cancel()
        super().finish()

    def do_GET(self) -> None:
        if self.server.is_local and not _is_no_name(self.headers.get("Host", _LOCALHOST)):
            self.send_error(HTTPStatus.FORBIDDEN, "Ask by address, or as localhost")
            return
        encode, content_type = choose_encoder(self.headers.get("Accept", ""))
        text = self.server.telling.write(encode)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name there
        """Log no request."""

    def _hear_no_more(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RD)


def serve_metrics(host: str, port: int, *, is_shared: bool = False) -> None:
    """Answer in threads of its own; not at all if the port is 0.

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
    told = _Port(Telling(registry_to_tell()), ipaddress.ip_address(host).is_loopback)
    threading.Thread(target=_serve, args=[listener, told], name="metrics", daemon=True).start()


def _serve(listener: socket.socket, port: _Port) -> NoReturn:
    """Take connections, by a loop of its own: that of `socketserver` would block gevent's."""
    places = threading.Semaphore(_PLACES)
    while True:
        places.acquire()
        try:
            connection, client = listener.accept()
            words = (connection, client, port, places)
            threading.Thread(target=_answer, args=words, daemon=True).start()
        except (OSError, RuntimeError) as error:  # too many files are open, or threads run
            places.release()
            _log.warning("metrics.not_told", reason=str(error))
            time.sleep(_PAUSE_SECONDS)


def _answer(
    connection: socket.socket, client: object, port: _Port, places: threading.Semaphore
) -> None:
    try:
        with connection:
            _Handler(connection, client, port)  # type: ignore[arg-type]
    except (ConnectionError, TimeoutError):
        pass  # it hung up, or did not take its answer
    except Exception as error:  # noqa: BLE001  whatever it is, the next one is answered
        _log.warning("metrics.not_told", reason=str(error))
    finally:
        places.release()


def _is_no_name(host: str) -> bool:
    """Tell whether a `Host` could not be a page's, whose own name was made to point here (DNS rebinding)."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == _LOCALHOST or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
