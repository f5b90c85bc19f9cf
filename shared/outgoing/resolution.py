"""A name's addresses, as the system finds them, in time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from ipaddress import ip_address

from shared.outgoing.addresses import Address
from shared.outgoing.failure import CallFailed, Reason

#: Finds all addresses of a name within so many seconds, or raises `CallFailed`.
Resolve = Callable[[str, float], Sequence[Address]]


def resolve(name: str, seconds: float) -> Sequence[Address]:
    """Ask the system. It takes no limit of time itself, and ends its own try some seconds later.

    Raises:
        CallFailed: UNREACHABLE or TIMED_OUT.
    """
    found: Future[Sequence[Address]] = Future()
    threading.Thread(target=_look_up, args=(name, found), daemon=True).start()
    try:
        return found.result(seconds)
    except TimeoutError:
        raise CallFailed(Reason.TIMED_OUT, "The URL's host was not found in time.") from None
    except (OSError, UnicodeError):
        raise CallFailed(Reason.UNREACHABLE, "The URL's host is not found.") from None


def _look_up(name: str, found: Future[Sequence[Address]]) -> None:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        found.set_result([ip_address(answer[4][0]) for answer in answers])
    except (OSError, ValueError) as error:
        found.set_exception(error)
