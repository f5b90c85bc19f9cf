"""Waiting slots: nobody gets all, who holds none gets one, and shares become even."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.resilience.bulkhead import Bulkhead

SLOTS = 100


class Tenant:
    """Somebody who takes slots, and gives back the one that was held longest."""

    def __init__(self, bulkhead: Bulkhead, name: str) -> None:
        self._bulkhead, self._name = bulkhead, name
        self._held: deque[ExitStack] = deque()

    def take(self) -> bool:
        with ExitStack() as stack:
            if not stack.enter_context(self._bulkhead.slot(self._name)):
                return False
            self._held.append(stack.pop_all())
            return True

    def take_all(self) -> int:
        while self.take():
            pass
        return self.holds

    def give_back(self) -> None:
        if self._held:
            self._held.popleft().close()

    @property
    def holds(self) -> int:
        return len(self._held)


def tenants(bulkhead: Bulkhead, number: int) -> list[Tenant]:
    return [Tenant(bulkhead, f"tenant {index}") for index in range(number)]


@pytest.mark.parametrize("slots", range(2, 200))
def test_a_lone_tenant_gets_most_and_never_all(slots: int) -> None:
    [lone] = tenants(Bulkhead(slots), 1)

    assert slots / 2 <= lone.take_all() < slots


def test_a_single_slot_is_somebodys() -> None:
    first, second = tenants(Bulkhead(1), 2)

    assert first.take_all() == 1
    assert not second.take()
    first.give_back()
    assert second.take()


def test_without_slots_nobody_gets_one() -> None:
    [lone] = tenants(Bulkhead(0), 1)

    assert not lone.take()


@pytest.mark.parametrize("number", range(1, 10))
def test_who_comes_after_greedy_ones_finds_a_slot_at_once(number: int) -> None:
    *greedy, late = tenants(Bulkhead(SLOTS), number + 1)
    for tenant in greedy:
        tenant.take_all()

    assert late.take()


@pytest.mark.parametrize("number", range(1, 20))
def test_tenants_that_ask_without_end_come_to_even_shares(number: int) -> None:
    """However unevenly they begin: once each slot was given back, nobody has more than four above another."""
    greedy = tenants(Bulkhead(SLOTS), number)
    for tenant in greedy:
        tenant.take_all()
    most = max(tenant.holds for tenant in greedy)

    # A wait ends here and there; all ask again at once, who has most first.
    for _ in range(2 * most):
        for tenant in greedy:
            tenant.give_back()
            for asking in sorted(greedy, key=lambda tenant: -tenant.holds):
                asking.take()

    shares = [tenant.holds for tenant in greedy]
    assert max(shares) - min(shares) <= 4
    assert sum(shares) >= SLOTS / 2


@given(
    slots=st.integers(1, 60),
    steps=st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=300),
)
def test_whoever_holds_none_is_refused_only_when_a_tenth_of_the_slots_is_held_by_others_each_one(
    slots: int, steps: list[tuple[int, bool]]
) -> None:
    everybody = tenants(Bulkhead(slots), 12)
    for index, takes in steps:
        tenant = everybody[index]
        if not takes:
            tenant.give_back()
            continue
        holders = [other for other in everybody if other.holds]
        is_new = not tenant.holds
        if not tenant.take() and is_new:
            assert sum(other.holds for other in holders) == slots
            assert len(holders) >= max(1, slots // 10)
        assert sum(other.holds for other in everybody) <= slots


def test_the_mean_follows_how_long_slots_are_held() -> None:
    now = 0.0
    bulkhead = Bulkhead(SLOTS, lambda: now)
    for _ in range(100):
        with bulkhead.slot("shop"):
            now += 20

    assert 19 < bulkhead.mean_seconds <= 20


def test_many_threads_get_and_give_back_what_there_is() -> None:
    bulkhead = Bulkhead(10)
    inside, most = 0, 0
    lock = threading.Lock()

    def work(name: str) -> None:
        nonlocal inside, most
        for _ in range(200):
            with bulkhead.slot(name) as has_slot:
                if has_slot:
                    with lock:
                        inside += 1
                        most = max(most, inside)
                    with lock:
                        inside -= 1

    threads = [threading.Thread(target=work, args=(f"tenant {n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 1 <= most <= 10
    [lone] = tenants(bulkhead, 1)
    assert lone.take_all() == 8
