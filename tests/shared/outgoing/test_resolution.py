"""A name that cannot be resolved is an error of the call, in time."""

from __future__ import annotations

import socket
import threading
from typing import NoReturn

import pytest

from shared.outgoing.failure import CallFailed, Reason
from shared.outgoing.resolution import resolve


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_a_name_that_leads_nowhere_is_not_reached(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    monkeypatch.setattr("shared.outgoing.resolution.socket.getaddrinfo", fail)

    with pytest.raises(CallFailed) as failed:
        resolve("photos.example", 30)

    assert failed.value.reason is Reason.UNREACHABLE


def test_a_name_server_that_does_not_answer_is_given_up_on_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        answer.wait(60)
        return []

    monkeypatch.setattr("shared.outgoing.resolution.socket.getaddrinfo", hang)

    with pytest.raises(CallFailed) as failed:
        resolve("photos.example", 0.01)
    answer.set()

    assert failed.value.reason is Reason.TIMED_OUT
