"""The line of those who ask, and the uploads that pass it by."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest

from api.turnstile import Turnstile
from shared.errors import ErrorCode
from shared.key_store import KeyStore
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success
from tests.conditions import eventually


def test_so_many_are_let_in_and_the_next_one_gives_up() -> None:
    turnstile = Turnstile(2, patience=0.01)

    with turnstile.passing(), turnstile.passing(), pytest.raises(TimeoutError), turnstile.passing():
        raise AssertionError("three are inside")

    with turnstile.passing(), turnstile.passing():
        pass


def is_in_line(turnstile: Turnstile, number: int) -> bool:
    return len(turnstile._line) == number


def test_who_came_first_is_let_in_first() -> None:
    turnstile, passed = Turnstile(1, patience=30), list[int]()

    def pass_through(number: int) -> None:
        with turnstile.passing():
            passed.append(number)

    waiting = [threading.Thread(target=pass_through, args=(number,)) for number in range(5)]
    with turnstile.passing():
        for number, thread in enumerate(waiting, start=1):
            thread.start()
            eventually(partial(is_in_line, turnstile, number))
    for thread in waiting:
        thread.join()

    assert passed == [0, 1, 2, 3, 4]


def test_a_place_is_given_back_by_whoever_failed_inside() -> None:
    turnstile = Turnstile(1, patience=0.01)

    def fail_inside() -> None:
        with turnstile.passing():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()

    with turnstile.passing():
        pass


@contextmanager
def all_places_taken(front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let one poll stand at the key store, where there is one place."""
    arrived, released = threading.Event(), threading.Event()
    real = KeyStore.tenant_of

    def stand_still(store: KeyStore, key: str) -> str | None:
        if threading.current_thread() is poll:
            arrived.set()
            released.wait(30)
        return real(store, key)

    monkeypatch.setattr(KeyStore, "tenant_of", stand_still)
    poll = threading.Thread(target=front_end.query, args=("1",))
    with ExitStack() as stack:
        stack.callback(poll.join)
        stack.callback(released.set)
        poll.start()
        assert arrived.wait(30)
        yield


def test_a_poll_that_finds_no_place_is_told_to_come_later_and_an_upload_needs_none(
    front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.auth._AT_ONCE", 1)
    monkeypatch.setattr("api.auth._PATIENCE_SECONDS", 0.05)
    app = front_end.app()
    monkeypatch.setattr(FrontEnd, "app", lambda _: app)

    with all_places_taken(front_end, monkeypatch):
        refused = front_end.query("1")
        accepted = front_end.post(task_type="async")

    assert_error(refused, 503, ErrorCode.ERROR_RESOURCE_UNAVAILABLE)
    task_id = assert_success(accepted, task_status=0)["task_id"]
    assert_success(front_end.query(task_id), task_status=0)
