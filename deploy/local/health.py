"""Asks a server on this machine whether it is well."""

from __future__ import annotations

import http.client
from http import HTTPStatus

_TIMEOUT_SECONDS = 5


def answers_ok(host: str, port: int, path: str) -> bool:
    """Tell whether a GET is answered with 200; past any HTTP proxy that the environment names."""
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
