"""A URL, read strictly: what two programs could read in two ways is refused.

Connections are made by these parts and never by the text: a URL that others read otherwise fools nobody here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from shared.outgoing.failure import CallFailed, refused

MAX_URL_CHARACTERS = 4096

_HTTPS, _PORTS = "https", {"http": 80, "https": 443}
_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL)
#: White space, control characters, and what some read as a slash.
_AMBIGUOUS = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]")
_AUTHORITY = re.compile(r"(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::(\d{1,5}))?", re.ASCII)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)*({_LABEL})")
_MAX_NAME = 253
#: What may be a number to the system's own parser of addresses.
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
#: Letters that the two standards for international names write differently: it would be another host.
_DEVIATIONS = frozenset("ßẞς\u200c\u200d")


@dataclass(frozen=True)
class Destination:
    """Where a call goes."""

    scheme: str
    #: A name in ASCII, or an address without brackets.
    host: str
    port: int
    #: Path and query, as they are sent. Not shown: it may hold a signature.
    target: str = field(repr=False)

    @property
    def is_secure(self) -> bool:
        """Whether TLS is spoken there."""
        return self.scheme == _HTTPS

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The address, if the host is one."""
        return _address(self.host)

    @property
    def authority(self) -> str:
        """The `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """All of it."""
        return f"{self.scheme}://{self.authority}{self.target}"


def read_url(url: str) -> Destination:
    """Take a URL apart.

    Raises:
        CallFailed: REFUSED: it is not a URL, or could be read in two ways.
    """
    _check_length(url)
    if _AMBIGUOUS.search(url):
        raise refused("The URL has a space, a control character or a backslash in it.")
    found = _URL.fullmatch(url)
    if found is None:
        raise refused("The URL does not begin with `https://` or `http://`.")
    scheme, authority, target = found[1].lower(), found[2], found[3]
    if "@" in authority:
        raise refused("The URL names a user. Leave out what stands before the `@`.")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise _no_host()
    host = _read_name(parts[2]) if parts[1] is None else _read_ipv6(parts[1])
    port = int(parts[3]) if parts[3] else _PORTS[scheme]
    destination = Destination(scheme, host, port, _encoded(target))
    # It grows where it is not written in ASCII.
    _check_length(destination.url)
    return destination


def _check_length(url: str) -> None:
    if len(url) > MAX_URL_CHARACTERS:
        raise refused(f"The URL has more than {MAX_URL_CHARACTERS} characters.")


def _read_ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        raise _no_host() from None
    if address.scope_id is not None:
        raise _no_host()
    return str(address)


def _read_name(text: str) -> str:
    name = _to_ascii(text)
    found = _NAME.fullmatch(name)
    if found is None or len(name) > _MAX_NAME:
        raise _no_host()
    if _NUMBER.fullmatch(found[1]) and _address(name) is None:
        raise refused("The URL's host is a number. Write an address as four decimal numbers.")
    return name


def _to_ascii(text: str) -> str:
    if text.isascii():
        return text.lower()
    if _DEVIATIONS.intersection(text):
        raise refused("Write the URL's host as it is registered, in ASCII (`xn--…`).")
    try:
        return text.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise _no_host() from None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    for kind in (IPv4Address, IPv6Address):
        try:
            return kind(host)
        except AddressValueError:
            continue
    return None


def _encoded(target: str) -> str:
    """Write path and query as they are sent: other letters than ASCII's as UTF-8."""
    try:
        return parse_url(f"http://host{target}").request_uri
    except LocationParseError:
        raise refused("The URL's path cannot be read.") from None


def _no_host() -> CallFailed:
    return refused("The URL has no host that can be read: use a name, without a dot behind it.")
