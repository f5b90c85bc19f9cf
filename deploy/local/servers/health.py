"""Asks a server on this machine whether it is well."""

from __future__ import annotations

import http.client
import ssl
from http import HTTPStatus

_TIMEOUT_SECONDS = 5


def answers_ok(host: str, port: int, path: str) -> bool:
    """Tell whether a GET is answered with 200."""
    return read_ok(host, port, path) is not None


def read_ok(host: str, port: int, path: str, context: ssl.SSLContext | None = None) -> bytes | None:
    """Give the body that a GET is answered with, None unless with 200; past any HTTP proxy of the environment.

    With a context it is asked over TLS.
    """
    connection = (
        http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        if context is None
        else http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS, context=context)
    )
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read() if answer.status == HTTPStatus.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
