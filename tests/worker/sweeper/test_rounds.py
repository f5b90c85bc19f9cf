"""Threads that do their work again and again: one that no longer does it is noticed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import structlog

from shared.telemetry.registry import REGISTRY
from tests.metrics import since
from worker.sweeper.rounds import EXIT_FAULT, Rounds, keep_going

LAST_ROUND = "cutwork_sweeper_last_round_timestamp_seconds"


@pytest.fixture
def stopping() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def nothing_to_do() -> bool:
    return False


def test_a_round_that_left_something_is_followed_by_the_next_at_once(
    stopping: threading.Event,
) -> None:
    done = 0

    def work() -> bool:
        nonlocal done
        done += 1
        if done == 5:
            stopping.set()
        return True

    assert keep_going([Rounds("work", work, 3600, stopping)], stopping, 60) == 0

    assert done == 5


def test_two_kinds_of_work_do_not_wait_for_each_other(stopping: threading.Event) -> None:
    free = threading.Event()

    def waits() -> bool:
        return free.wait(30)

    def frees() -> bool:
        free.set()
        stopping.set()
        return False

    slow = Rounds("slow", waits, 0.01, stopping)
    assert keep_going([slow, Rounds("quick", frees, 0.01, stopping)], stopping, 60) == 0
    slow.join(10)


def dies() -> bool:
    raise SystemExit  # Ends a thread without a word.


@pytest.fixture
def hangs(stopping: threading.Event) -> Callable[[], bool]:
    def work() -> bool:
        return stopping.wait(60)

    return work


def test_a_round_that_fails_is_counted_and_followed_by_the_next_one(
    stopping: threading.Event,
) -> None:
    faults = since("cutwork_sweeper_faults_total", work="fails")
    tries = 0

    def fails_twice() -> bool:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ZeroDivisionError
        stopping.set()
        return False

    with structlog.testing.capture_logs() as events:
        assert keep_going([Rounds("FAILS", fails_twice, 0.01, stopping)], stopping, 60) == 0

    failed = [event for event in events if event["event"] == "sweeper.work_failed"]
    assert [(event["work"], event["exc_info"]) for event in failed] == [("FAILS", True)] * 2
    assert faults() == 2


def test_only_a_round_that_ended_well_is_told_as_the_last_one(stopping: threading.Event) -> None:
    def fails() -> bool:
        stopping.set()
        raise ZeroDivisionError

    rounds = Rounds("NEVER_ENDS_WELL", fails, 0.01, stopping)
    rounds.start()
    rounds.join(10)

    # It is told from the first moment on: what is not there sets off no alarm.
    assert REGISTRY.get_sample_value(LAST_ROUND, {"work": "never_ends_well"}) == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_work_that_dies_ends_the_process_with_a_fault(stopping: threading.Event) -> None:
    all_work = [
        Rounds("dies", dies, 0.01, stopping),
        Rounds("works", nothing_to_do, 0.01, stopping),
    ]

    assert keep_going(all_work, stopping, 60) == EXIT_FAULT


def test_work_that_hangs_ends_the_process_with_a_fault(
    stopping: threading.Event, hangs: Callable[[], bool]
) -> None:
    all_work = [
        Rounds("works", nothing_to_do, 0.01, stopping),
        Rounds("hangs", hangs, 0.01, stopping),
    ]

    assert keep_going(all_work, stopping, 0.2) == EXIT_FAULT


def test_a_long_pause_between_two_rounds_is_not_taken_for_a_hang(
    stopping: threading.Event,
) -> None:
    rounds = Rounds("rests", nothing_to_do, 3600, stopping)
    rounds.start()

    assert rounds.fault(0.0) == ""


def test_all_is_called_well_as_long_as_all_work_goes_on(
    stopping: threading.Event, hangs: Callable[[], bool]
) -> None:
    said: list[str] = []

    def stop_after_one() -> None:
        said.append("well")
        stopping.set()

    works = [Rounds("works", nothing_to_do, 0.01, stopping)]
    assert keep_going(works, stopping, 60, stop_after_one) == 0
    assert said == ["well"]

    stopping.clear()
    assert keep_going([Rounds("hangs", hangs, 0.01, stopping)], stopping, 0.2, stop_after_one) != 0
    assert said == ["well"]
