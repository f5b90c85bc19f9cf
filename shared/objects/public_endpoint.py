"""Where clients find results: a fixed endpoint, or one on the host by which each client came."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

#: In the setting: the host that a request names.
HOST = "{host}"
#: For a request that names none that can stand in a URL.
_NO_HOST = "localhost"
#: Hosts that minio's client takes for its makers' or Amazon's own, and refuses, or moves the bucket into.
_OF_OTHERS = re.compile(r"(.*\.)?(amazonaws\.com(\.cn)?|aliyuncs\.com)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})")


def endpoint_for(template: str, host: str) -> str:
    """Write the endpoint for a client.

    Args:
        template: Of the settings.
        host: The `Host` header of the client's request; anything, as clients send it.
    """
    return template.replace(HOST, _name_of(host)) if HOST in template else template


def _name_of(host: str) -> str:
    """Take the name or address out of a `Host` header, without the port."""
    try:
        parts = urlsplit(f"//{host}")
        name = parts.hostname or ""
    except ValueError:
        return _NO_HOST
    if parts.netloc != host or "@" in host:
        return _NO_HOST
    if ":" in name:
        # `urlsplit` has checked that it is an IPv6 address; a zone is of use on the client's machine only.
        return f"[{name}]" if "%" not in name else _NO_HOST
    return name if _NAME.fullmatch(name) and not _OF_OTHERS.fullmatch(name) else _NO_HOST
