from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.conditions import eventually
from worker.jobs.pixel_budget import PixelBudget

MEGAPIXEL = 1_000_000


class Photo:
    """One that is worked on in a thread, until it is told to end."""

    def __init__(self, budget: PixelBudget, pool: ThreadPoolExecutor, megapixels: float) -> None:
        self.is_inside = threading.Event()
        self._end = threading.Event()
        self._stay: Future[None] = pool.submit(self._work, budget, int(megapixels * MEGAPIXEL))

    def end(self) -> None:
        self._end.set()
        self._stay.result(10)

    def _work(self, budget: PixelBudget, pixels: int) -> None:
        with budget.spend(pixels):
            self.is_inside.set()
            assert self._end.wait(10)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def test_photos_are_worked_on_at_once_as_long_as_their_pixels_fit(pool: ThreadPoolExecutor) -> None:
    budget = PixelBudget(10 * MEGAPIXEL)
    first, second = Photo(budget, pool, 4), Photo(budget, pool, 6)
    assert first.is_inside.wait(10)
    assert second.is_inside.wait(10)

    third = Photo(budget, pool, 3)
    eventually(lambda: budget._line)
    assert not third.is_inside.is_set()

    first.end()
    assert third.is_inside.wait(10)
    second.end()
    third.end()


def test_a_large_photo_is_not_overtaken_by_small_ones(pool: ThreadPoolExecutor) -> None:
    budget = PixelBudget(10 * MEGAPIXEL)
    first = Photo(budget, pool, 5)
    assert first.is_inside.wait(10)
    large = Photo(budget, pool, 9)
    eventually(lambda: len(budget._line) == 1)
    small = Photo(budget, pool, 1)
    eventually(lambda: len(budget._line) == 2)
    assert not small.is_inside.is_set()

    first.end()

    assert large.is_inside.wait(10)
    assert small.is_inside.wait(10)
    large.end()
    small.end()


def test_a_photo_that_is_larger_than_all_room_goes_alone(pool: ThreadPoolExecutor) -> None:
    budget = PixelBudget(4 * MEGAPIXEL)
    huge = Photo(budget, pool, 9)
    assert huge.is_inside.wait(10)
    small = Photo(budget, pool, 1)
    eventually(lambda: budget._line)
    assert not small.is_inside.is_set()

    huge.end()
    assert small.is_inside.wait(10)
    small.end()


def test_a_small_photo_counts_as_one_of_a_megapixel(pool: ThreadPoolExecutor) -> None:
    budget = PixelBudget(2 * MEGAPIXEL)
    two = [Photo(budget, pool, 0.1) for _ in range(2)]
    for photo in two:
        assert photo.is_inside.wait(10)
    third = Photo(budget, pool, 0.1)
    eventually(lambda: budget._line)
    assert not third.is_inside.is_set()

    for photo in two:
        photo.end()
    assert third.is_inside.wait(10)
    third.end()


def test_what_fails_gives_its_room_back() -> None:
    budget = PixelBudget(MEGAPIXEL)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), budget.spend(9 * MEGAPIXEL):
            _ = 1 / 0
    assert not budget._taken
