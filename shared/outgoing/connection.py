"""A call to one host, at the very addresses that were checked, and to the end of its time.

A server that sends a byte a second keeps every single wait short. So the clock does not stand in the waits: when the
time is up, the connection is shut down under whoever waits.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from shared.outgoing.addresses import Address
from shared.outgoing.call import Answer, Call, too_slow
from shared.outgoing.destination import Destination
from shared.outgoing.failure import CallFailed, Reason

_AS_IT_IS = "identity"
#: What makes a call one that is not packed, and leaves no connection behind.
_OUR_HEADERS = {"User-Agent": "cutwork", "Accept-Encoding": _AS_IT_IS, "Connection": "close"}


@dataclass(frozen=True)
class Exchange:
    """One call at one destination."""

    call: Call
    destination: Destination
    tls: ssl.SSLContext

    def with_first_of(self, addresses: Sequence[Address]) -> Answer:
        """Send the call to the first of these addresses that takes the connection.

        Raises:
            CallFailed: There is no answer, or not the whole one.
        """
        try:
            with (
                closing(self._open(addresses)) as opened,
                self._ending(opened),
                closing(self._connection_on(opened)) as connection,
            ):
                return self._ask(connection)
        # A ValueError is what becomes of a chunk of -5 bytes, or of a length of thousands of digits.
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            self.call.deadline.left()
            raise _failure_of(error) from None

    def _open(self, addresses: Sequence[Address]) -> socket.socket:
        for address in addresses[:-1]:
            with suppress(OSError):
                return self._open_to(address)
        return self._open_to(addresses[-1])

    def _open_to(self, address: Address) -> socket.socket:
        """Connect to the address and to nothing else; the name is for the certificate, and for `Host`."""
        seconds = min(self.call.limits.connect_seconds, self.call.deadline.left())
        opened = socket.create_connection((str(address), self.destination.port), seconds)
        if not self.destination.is_secure:
            return opened
        # Nothing is said yet: a server may drip through its handshake, too.
        return self.tls.wrap_socket(
            opened, server_hostname=self.destination.host, do_handshake_on_connect=False
        )

    def _connection_on(self, opened: socket.socket) -> HTTPConnection:
        """Come to terms with whoever is at the other end."""
        seconds = self.call.deadline.left()
        opened.settimeout(seconds)
        if isinstance(opened, ssl.SSLSocket):
            opened.do_handshake()
        connection = HTTPConnection(self.destination.host, self.destination.port, timeout=seconds)
        connection.sock = opened
        return connection

    @contextmanager
    def _ending(self, opened: socket.socket) -> Iterator[None]:
        """Shut a connection down when the time is up."""
        timer = threading.Timer(self.call.deadline.left(), _shut_down, [opened])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _ask(self, connection: HTTPConnection) -> Answer:
        connection.request(
            self.call.method,
            self.destination.target,
            self.call.body,
            {**self.call.headers, **_OUR_HEADERS, "Host": self.destination.authority},
            preload_content=False,
            decode_content=False,
        )
        with closing(connection.getresponse()) as response:
            headers = {name.lower(): text for name, text in response.headers.items()}
            self._check(headers)
            body = response.read(self.call.limits.max_bytes + 1)
            missing = response.length_remaining
        # What was shut down may look like an end.
        self.call.deadline.left()
        if len(body) > self.call.limits.max_bytes:
            raise self._too_large()
        if missing:
            raise IncompleteRead(body, missing)
        return Answer(response.status, headers, body)

    def _check(self, headers: Mapping[str, str]) -> None:
        if headers.get("content-encoding", "").strip().lower() not in {"", _AS_IT_IS}:
            raise CallFailed(
                Reason.UNUSABLE, "The URL's host packs what it sends, although it was not asked to."
            )
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self.call.limits.max_bytes:
            raise self._too_large()

    def _too_large(self) -> CallFailed:
        most = self.call.limits.max_bytes
        return CallFailed(Reason.TOO_LARGE, f"What the URL leads to has more than {most} bytes.")


def _failure_of(error: Exception) -> CallFailed:
    causes = (error, *error.args, error.__context__)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return CallFailed(
            Reason.UNTRUSTED, "The certificate of the URL's host is not valid for it."
        )
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return too_slow()
    return CallFailed(Reason.UNREACHABLE, "The URL's host cannot be reached, or broke off.")


def _shut_down(opened: socket.socket) -> None:
    """End a connection under whoever reads: past TLS, whose own goodbye would need the reader's state."""
    with suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
