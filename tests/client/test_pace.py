"""How many uploads run at once: more slowly, half at once, none while the service says so."""

from __future__ import annotations

import threading

import pytest

from cutwork import TryLater, Unreachable
from cutwork.ingest.pace import Pace, Stopped


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[float]:
    return []


@pytest.fixture
def pace(clock: Clock, told: list[float]) -> Pace:
    return Pace(8, 60, lambda _, seconds: told.append(seconds), clock)


def full(seconds: float) -> TryLater:
    error = TryLater(429, "EXCEEDING_LIMITS", "Too many.")
    error.retry_after = seconds
    return error


def test_each_clean_second_makes_room_for_one_more_up_to_the_most(pace: Pace, clock: Clock) -> None:
    limits = []
    for _ in range(6):
        clock.now += 1
        pace.went_well()
        pace.went_well()
        limits.append(pace.limit)

    assert limits == [5, 6, 7, 8, 8, 8]


def test_a_refusal_halves_them_once_and_all_wait_as_long_as_it_says(
    pace: Pace, clock: Clock, told: list[float]
) -> None:
    for _ in range(4):  # As many as were on their way.
        pace.went_wrong(full(30))
    waiting = threading.Thread(target=pace.rest, daemon=True)
    waiting.start()

    assert (pace.limit, told) == (2, [30])
    assert waiting.is_alive()
    pace.stop()
    waiting.join(5)
    assert not waiting.is_alive()


def test_never_none_is_left(pace: Pace, clock: Clock) -> None:
    for _ in range(9):
        pace.went_wrong(full(1))
        clock.now += 2

    assert pace.limit == 1


def test_a_service_without_an_answer_is_given_up_in_time(pace: Pace, clock: Clock) -> None:
    pace.went_wrong(Unreachable("gone"))
    clock.now += 59
    pace.went_wrong(Unreachable("gone"))
    clock.now += 1

    with pytest.raises(Unreachable):
        pace.went_wrong(Unreachable("gone"))


def test_a_service_without_room_is_not_given_up(pace: Pace, clock: Clock) -> None:
    for _ in range(100):
        pace.went_wrong(full(30))
        clock.now += 31


def test_one_answer_forgives_all_silence_before_it(pace: Pace, clock: Clock) -> None:
    pace.went_wrong(Unreachable("gone"))
    clock.now += 59
    pace.went_well()
    clock.now += 59

    pace.went_wrong(Unreachable("gone"))


def test_nobody_gets_a_turn_after_the_stop(pace: Pace) -> None:
    pace.stop()

    with pytest.raises(Stopped), pace.turn():
        pass


def test_no_more_have_a_turn_than_may(pace: Pace) -> None:
    turns = [pace.turn() for _ in range(4)]
    for turn in turns:
        turn.__enter__()
    entered = threading.Event()

    def enter() -> None:
        with pace.turn():
            entered.set()

    threading.Thread(target=enter, daemon=True).start()

    assert not entered.wait(0.05)
    turns[0].__exit__(None, None, None)
    assert entered.wait(5)
