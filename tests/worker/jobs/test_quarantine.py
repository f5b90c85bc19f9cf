from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.conditions import eventually
from worker.jobs.quarantine import Quarantine


class Guest:
    """Somebody who enters in a thread, and stays until asked to leave."""

    def __init__(self, quarantine: Quarantine, pool: ThreadPoolExecutor, *, alone: bool) -> None:
        self.is_inside = threading.Event()
        self._leave = threading.Event()
        self._stay: Future[bool] = pool.submit(self._visit, quarantine, alone)

    def leave(self) -> None:
        self._leave.set()
        assert self._stay.result(10)

    def was_turned_away(self) -> bool:
        return not self._stay.result(10)

    def _visit(self, quarantine: Quarantine, alone: bool) -> bool:
        with quarantine.enter(alone=alone) as is_admitted:
            if is_admitted:
                self.is_inside.set()
                assert self._leave.wait(10)
            return is_admitted


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_many_are_inside_at_once(pool: ThreadPoolExecutor) -> None:
    quarantine = Quarantine()

    guests = [Guest(quarantine, pool, alone=False) for _ in range(3)]

    for guest in guests:
        assert guest.is_inside.wait(10)
    for guest in guests:
        guest.leave()


def test_one_alone_waits_for_the_others_and_nobody_waits_for_it(pool: ThreadPoolExecutor) -> None:
    quarantine = Quarantine()
    first = Guest(quarantine, pool, alone=False)
    assert first.is_inside.wait(10)

    hermit = Guest(quarantine, pool, alone=True)
    eventually(lambda: quarantine._is_closed)
    assert Guest(quarantine, pool, alone=False).was_turned_away()
    assert not hermit.is_inside.is_set()

    first.leave()
    assert hermit.is_inside.wait(10)
    assert Guest(quarantine, pool, alone=False).was_turned_away()
    assert Guest(quarantine, pool, alone=True).was_turned_away()

    hermit.leave()
    last = Guest(quarantine, pool, alone=False)
    assert last.is_inside.wait(10)
    last.leave()


def test_who_fails_inside_lets_the_next_one_in() -> None:
    quarantine = Quarantine()

    with pytest.raises(ValueError, match="inside"), quarantine.enter(alone=True):
        raise ValueError("inside")

    with quarantine.enter(alone=True) as is_admitted:
        assert is_admitted
