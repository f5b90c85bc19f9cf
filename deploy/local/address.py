"""Where the front end listens: `$HOST` and `$PORT`."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from deploy.local.servers.ports import LOOPBACK, is_free
from shared.errors import Misconfigured

_PORTS = 2**16


@dataclass(frozen=True)
class Address:
    """A numeric host and a port."""

    host: str
    port: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read HOST and PORT.

        Raises:
            Misconfigured: One of them cannot be an address of this machine.
        """
        host = environment.get("HOST") or LOOPBACK
        port = environment.get("PORT") or "8000"
        if not port.isdecimal() or not 0 < int(port) < _PORTS:
            raise Misconfigured(f"PORT={port} is not a port; PORT=8000 is")
        try:
            found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
        except OSError as error:
            raise Misconfigured(f"HOST={host} is not an address: {error.strerror}") from None
        return cls(str(found[0][4][0]), int(port))

    @property
    def of_results(self) -> Self:
        """Where the object store is open to other machines, if the front end is: one port on.

        Raises:
            Misconfigured: There is none.
        """
        if self.port + 1 >= _PORTS:
            raise Misconfigured(f"PORT={self.port} leaves no port for the results; PORT=8000 does")
        return type(self)(self.host, self.port + 1)

    def check_free(self) -> None:
        """Refuse an address that something listens on.

        Raises:
            Misconfigured: It is taken, or not ours to take.
        """
        if not is_free(self.port, self.host):
            raise Misconfigured(
                f"cannot listen on {self.authority}: is the port taken? PORT={self.port + 1} takes another"
            )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self._ip.is_loopback

    @property
    def authority(self) -> str:
        """`host:port`, as gunicorn writes it."""
        return _join(self.host, self.port)

    @property
    def local_host(self) -> str:
        """The host for somebody on this machine: "all addresses" is not one to connect to."""
        if not self._ip.is_unspecified:
            return self.host
        return "::1" if ":" in self.host else LOOPBACK

    @property
    def url(self) -> str:
        """The base URL for somebody on this machine."""
        return f"http://{_join(self.local_host, self.port)}"

    @property
    def page_origins(self) -> tuple[str, ...]:
        """What browsers of this machine may call our own page: it reads results, which come from another port."""
        return (self.url, f"http://localhost:{self.port}")

    @property
    def _ip(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        return ipaddress.ip_address(self.host)


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
