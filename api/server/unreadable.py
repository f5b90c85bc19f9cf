"""Requests that gunicorn cannot read never reach the application; this asks it for an answer all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.util import setup_testing_defaults

#: Holds the HTTP status, in the WSGI environment of a request that stands in for one that could not be read.
UNREADABLE = "cutwork.unreadable"

_Wsgi = Callable[..., Iterable[bytes]]


def answer_unreadable(application: _Wsgi, status: int) -> bytes:
    """Let the application write the whole answer, as it goes over the wire; the connection ends with it."""
    environment: dict[str, Any] = {UNREADABLE: status}
    setup_testing_defaults(environment)
    head: list[str] = []

    def start_response(line: str, headers: list[tuple[str, str]], _error: object = None) -> None:
        fields = [*headers, ("Connection", "close")]
        head[:] = [f"HTTP/1.1 {line}", *(f"{name}: {value}" for name, value in fields), "", ""]

    body = b"".join(application(environment, start_response))
    return "\r\n".join(head).encode("latin-1") + body
