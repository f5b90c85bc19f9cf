"""The line of those who ask: so many inside, so many in the line, tenants in turns."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from api.resilience.turnstile import NoPlace, Turnstile
from tests.conditions import eventually

PATIENT = 30.0


class Crowd:
    """Threads that pass a turnstile one after the other, and what became of them."""

    def __init__(self, turnstile: Turnstile) -> None:
        self._turnstile = turnstile
        self._threads: list[threading.Thread] = []
        self.passed: list[str] = []
        self.refused: list[str] = []

    def add(self, *tenants: str) -> None:
        """Let each stand in the line, or be refused, before the next one comes."""
        for name in tenants:
            before = self._turnstile.waiting, len(self.refused)
            thread = threading.Thread(target=self._pass, args=(name,))
            thread.start()
            self._threads.append(thread)
            eventually(self._has_changed(before))

    def _has_changed(self, before: tuple[int, int]) -> Callable[[], bool]:
        return lambda: (self._turnstile.waiting, len(self.refused)) != before

    def _pass(self, name: str) -> None:
        try:
            tenant = name.rstrip("0123456789+")
            with self._turnstile.passing(tenant, PATIENT, again=name.endswith("+")):
                self.passed.append(name)
        except NoPlace:
            self.refused.append(name)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def assert_has_places(turnstile: Turnstile, places: int) -> None:
    assert (turnstile._free, turnstile.waiting) == (places, 0)


def test_so_many_are_let_in_and_the_next_one_gives_up() -> None:
    turnstile = Turnstile(2, longest=9)

    with (
        turnstile.passing("a", 0.01),
        turnstile.passing("b", 0.01),
        pytest.raises(NoPlace),
        turnstile.passing("c", 0.01),
    ):
        raise AssertionError("three are inside")

    assert_has_places(turnstile, 2)


def test_of_one_tenant_who_came_first_is_let_in_first() -> None:
    turnstile = Turnstile(1, longest=9)
    crowd = Crowd(turnstile)

    with turnstile.passing("shop", PATIENT):
        crowd.add("shop0", "shop1", "shop2", "shop3", "shop4")
    crowd.join()

    assert crowd.passed == ["shop0", "shop1", "shop2", "shop3", "shop4"]
    assert_has_places(turnstile, 1)


def test_tenants_take_turns_however_many_one_of_them_sends() -> None:
    turnstile = Turnstile(1, longest=9)
    crowd = Crowd(turnstile)

    with turnstile.passing("shop", PATIENT):
        crowd.add("shop0", "shop1", "shop2", "rival0", "third0", "rival1")
    crowd.join()

    assert crowd.passed == ["shop0", "rival0", "third0", "shop1", "rival1", "shop2"]
    assert_has_places(turnstile, 1)


def test_who_comes_again_goes_before_all_who_come_first() -> None:
    """Or all would take their first steps, and none its last in time."""
    turnstile = Turnstile(1, longest=9)
    crowd = Crowd(turnstile)

    with turnstile.passing("shop", PATIENT):
        crowd.add("shop0", "rival0", "shop1+", "shop2+", "rival1+")
    crowd.join()

    assert crowd.passed == ["shop1+", "rival1+", "shop2+", "shop0", "rival0"]
    assert_has_places(turnstile, 1)


def test_nobody_who_comes_again_has_to_make_room() -> None:
    turnstile = Turnstile(1, longest=2)
    crowd = Crowd(turnstile)

    with turnstile.passing("shop", PATIENT):
        crowd.add("shop0+", "shop1+", "rival0", "rival1+")
        assert crowd.refused == ["rival0", "rival1+"]
    crowd.join()

    assert crowd.passed == ["shop0+", "shop1+"]


def test_who_comes_again_takes_the_place_of_a_newcomer_of_its_own_tenant_too() -> None:
    turnstile = Turnstile(1, longest=2)
    crowd = Crowd(turnstile)

    with turnstile.passing("shop", PATIENT):
        crowd.add("shop0", "shop1")
        crowd.add("shop2+")
        eventually(lambda: crowd.refused == ["shop1"])
    crowd.join()

    assert crowd.passed == ["shop2+", "shop0"]
    assert_has_places(turnstile, 1)


def test_the_line_is_no_longer_than_it_may_be() -> None:
    turnstile = Turnstile(1, longest=3)
    crowd = Crowd(turnstile)

    with turnstile.passing("shop", PATIENT):
        crowd.add("shop0", "shop1", "shop2", "shop3")
        assert crowd.refused == ["shop3"]
    crowd.join()

    assert crowd.passed == ["shop0", "shop1", "shop2"]
    assert_has_places(turnstile, 1)


def test_in_a_full_line_the_last_one_of_whoever_has_most_makes_room() -> None:
    turnstile = Turnstile(1, longest=4)
    crowd = Crowd(turnstile)

    with turnstile.passing("shop", PATIENT):
        crowd.add("shop0", "shop1", "shop2", "shop3", "rival0", "rival1", "rival2", "third0")
        eventually(lambda: len(crowd.refused) == 4)
    crowd.join()

    counts = Counter(name.rstrip("0123456789") for name in crowd.passed)
    assert counts["third"] == 1
    assert sorted(counts.values()) == [1, 1, 2]
    assert_has_places(turnstile, 1)


def test_who_would_only_take_the_place_of_another_with_one_is_refused() -> None:
    turnstile = Turnstile(1, longest=2)
    crowd = Crowd(turnstile)

    with turnstile.passing("shop", PATIENT):
        crowd.add("shop0", "rival0", "third0")
        assert crowd.refused == ["third0"]
    crowd.join()

    assert crowd.passed == ["shop0", "rival0"]


def test_a_line_without_room_refuses_at_once() -> None:
    turnstile = Turnstile(1, longest=0)

    with (
        turnstile.passing("shop", PATIENT),
        pytest.raises(NoPlace),
        turnstile.passing("rival", PATIENT),
    ):
        raise AssertionError("two are inside")


def test_a_place_is_given_back_by_whoever_failed_inside() -> None:
    turnstile = Turnstile(1, longest=9)

    def fail_inside() -> None:
        with turnstile.passing("shop", 0.01):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()

    assert_has_places(turnstile, 1)


class Ended(BaseException):
    """What ends a greenlet."""


@pytest.mark.parametrize("is_admitted", [False, True])
def test_who_is_ended_while_waiting_leaves_no_place_taken(
    monkeypatch: pytest.MonkeyPatch, is_admitted: bool
) -> None:
    """Before its turn has come, and just after."""
    turnstile = Turnstile(1, longest=9)
    inside = turnstile.passing("shop", PATIENT)
    inside.__enter__()

    def end(_event: threading.Event, _timeout: float | None = None) -> bool:
        if is_admitted:
            inside.__exit__(None, None, None)
        raise Ended

    def ask() -> None:
        with turnstile.passing("rival", PATIENT):
            raise AssertionError("let in")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Event, "wait", end)
        with pytest.raises(Ended):
            ask()
    if not is_admitted:
        inside.__exit__(None, None, None)

    assert_has_places(turnstile, 1)
