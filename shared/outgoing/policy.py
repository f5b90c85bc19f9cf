"""Where calls may go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Self

from shared.outgoing.addresses import Address, Network, is_open
from shared.outgoing.destination import Destination, read_url
from shared.outgoing.failure import CallFailed, refused

_ANY_BELOW = "*."
_LAST_PORT = 65535


@dataclass(frozen=True)
class Policy:
    """The operator's rules, beside the one that addresses must be public."""

    ports: frozenset[int] = frozenset({80, 443})
    #: Networks that calls may go to although they are not public.
    networks: tuple[Network, ...] = ()
    #: Names, and `*.example.com` for all that are below one; empty: any.
    hosts: tuple[str, ...] = ()

    @classmethod
    def read(cls, *, ports: str, networks: str, hosts: str = "") -> Self:
        """Read what settings say, each a list with commas.

        Raises:
            ValueError: One is not valid.
        """
        return cls(
            ports=frozenset(map(_port, _words(ports))),
            networks=tuple(map(ip_network, _words(networks))),
            hosts=tuple(map(_host, _words(hosts))),
        )

    def read_url(self, url: str) -> Destination:
        """Take a URL apart, and see that calls may go where it says; what its name means is another question.

        Raises:
            CallFailed: REFUSED.
        """
        destination = read_url(url)
        if destination.port not in self.ports:
            raise refused("The URL's port may not be used here.")
        if self.hosts and not any(_fits(destination.host, host) for host in self.hosts):
            raise refused("The URL's host is not one of those that are allowed here.")
        if destination.address is not None:
            self.check([destination.address])
        return destination

    def check(self, addresses: Iterable[Address]) -> None:
        """See that calls may go to all addresses of a host: which of them a connection gets is not ours to say.

        Raises:
            CallFailed: REFUSED.
        """
        if not all(is_open(address, self.networks) for address in addresses):
            raise refused("The URL leads to an address that is not public.")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _port(word: str) -> int:
    if not re.fullmatch(r"\d{1,5}", word, re.ASCII) or not 0 < int(word) <= _LAST_PORT:
        raise ValueError(f"{word!r} is not a port")
    return int(word)


def _host(word: str) -> str:
    below, name = (_ANY_BELOW, word[2:]) if word.startswith(_ANY_BELOW) else ("", word)
    try:
        found = read_url(f"https://{name}")
    except CallFailed:
        found = None
    if (
        found is None
        or found.url != f"https://{found.authority}/"
        or re.search(r"[/?#]|:\d+$", name)
    ):
        raise ValueError(f"{word!r} is not a host: write `example.com` or `*.example.com`")
    return below + found.host


def _fits(host: str, allowed: str) -> bool:
    if allowed.startswith(_ANY_BELOW):
        return host.endswith(allowed[1:])
    return host == allowed
