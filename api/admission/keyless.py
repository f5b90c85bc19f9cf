"""Who is served before the first key exists: programs of this machine, and no web page in its browsers.

A web page can send requests to every port of the machine that its reader sits at. The address they come from is then
this machine's own, so what counts are signs that a page cannot give:

- `Host` names this machine. A page whose own name was made to point here (DNS rebinding) still sends that name.
- `Origin` and `Sec-Fetch-Site`, which browsers add, name no other site, or one that the operator has named.
- The request has a key, any key. A page of another site may not add such a header without asking first
  (a CORS preflight), and that is granted to sites that the operator has named alone.

A proxy on this machine that passes others' requests on is told by the headers it adds, or by the name in `Host`. One
that adds none and says `Host: 127.0.0.1` (nginx, unless told otherwise) cannot be told from a program: make a key
before it is put in front. The same goes for what passes a container's published port on: mostly it comes from another
address, and is refused; where it comes from 127.0.0.1 (rootless ones may do so), `Host` alone tells it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Request

#: What a proxy adds: the client is then elsewhere, although the connection comes from this machine.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
_SAME_SITE = frozenset({"same-origin", "none"})
_LOCALHOST = "localhost"


def may_go_without(received: Request, origins: Collection[str]) -> bool:
    """Tell whether a request with an unknown key comes from a program of this machine.

    Args:
        received: The request.
        origins: Of pages that the operator has named: they are as good as a program.
    """
    is_named = received.headers.get("Origin") in origins
    return _is_from_this_machine(received) and (is_named or not _is_from_another_site(received))


def _is_from_this_machine(received: Request) -> bool:
    return (
        _is_loopback(received.remote_addr or "")
        and not any(name in received.headers for name in _FORWARDED)
        and _names_this_machine(f"//{received.headers.get('Host', '')}")
        and _names_this_machine(received.environ.get("RAW_URI", "/"), otherwise=True)
    )


def _is_from_another_site(received: Request) -> bool:
    origin = received.headers.get("Origin")
    if origin is not None and origin != f"{received.scheme}://{received.headers.get('Host')}":
        return True
    return received.headers.get("Sec-Fetch-Site", "none") not in _SAME_SITE


def _names_this_machine(url: str, *, otherwise: bool = False) -> bool:
    """Whether a URL's host is loopback; `otherwise`, if it has none: the usual request line is a path alone."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not parts.netloc:
        return otherwise
    return host == _LOCALHOST or host.endswith(f".{_LOCALHOST}") or _is_loopback(host)


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback
