"""A process ends for each reason with its jobs handed back; `tests/fault` and `tests/end_to_end` end real ones."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import NoReturn, cast

import pytest

from shared.errors import DatabaseUnavailable
from shared.job import Lease
from shared.jobs.store import JobStore
from tests.conditions import eventually
from worker import watchdog
from worker.jobs.lease import LeaseKeeper
from worker.watchdog import (
    Reason,
    Watchdog,
    end_process,
    hand_back_with,
    hung_attempt,
    stop_after,
    stopped_heartbeat,
)

HUNG, OTHER = Lease(uuid.uuid4(), 1), Lease(uuid.uuid4(), 2)


class Table:
    """Stands in for the job table."""

    def __init__(self) -> None:
        self.retried: list[Lease] = []
        self.released: list[Lease] = []
        self.is_away = False
        self.fault: Exception = DatabaseUnavailable("down")

    def retry(self, lease: Lease, *_: object) -> None:
        if self.is_away:
            raise self.fault
        self.retried.append(lease)

    def release(self, lease: Lease, **_: object) -> bool:
        if self.is_away:
            raise self.fault
        self.released.append(lease)
        return True


@pytest.fixture
def exit_codes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    codes: list[int] = []

    def end(code: int) -> NoReturn:
        codes.append(code)
        raise SystemExit(code)

    monkeypatch.setattr("worker.watchdog.os._exit", end)
    monkeypatch.setattr(watchdog, "_hand_backs", [])
    return codes


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def leases(table: Table, exit_codes: list[int]) -> Iterator[LeaseKeeper]:
    """Two attempts run, and one of them has done so for a while."""
    leases = LeaseKeeper(cast("JobStore", table), timedelta(minutes=1))
    leases.start()
    hand_back_with(leases.release_all)
    with leases.hold(HUNG):
        started = time.monotonic()
        eventually(lambda: time.monotonic() - started > 0.05)
        with leases.hold(OTHER):
            yield leases
    leases.stop()


def test_a_hung_attempt_is_counted_and_its_neighbours_are_not(
    leases: LeaseKeeper, table: Table, exit_codes: list[int]
) -> None:
    with pytest.raises(SystemExit):
        hung_attempt(cast("JobStore", table), leases, timedelta(seconds=0.05))()

    assert (table.retried, table.released, exit_codes) == ([HUNG], [OTHER], [70])


@pytest.mark.parametrize("fault", [DatabaseUnavailable("down"), ZeroDivisionError()])
def test_a_hung_attempt_is_never_handed_back_uncounted(
    leases: LeaseKeeper, table: Table, exit_codes: list[int], fault: Exception
) -> None:
    """Its lease runs out instead: a photo that hangs each network must not be tried for ever."""
    table.is_away, table.fault = True, fault

    with pytest.raises(SystemExit):
        hung_attempt(cast("JobStore", table), leases, timedelta(seconds=0.05))()

    assert HUNG not in leases.held()
    assert exit_codes == [70]


def test_attempts_in_their_time_end_nothing(leases: LeaseKeeper, table: Table) -> None:
    hung_attempt(cast("JobStore", table), leases, timedelta(minutes=1))()
    stopped_heartbeat(leases)()


def test_a_dead_heartbeat_ends_the_process(
    leases: LeaseKeeper, table: Table, exit_codes: list[int]
) -> None:
    leases.stop()

    with pytest.raises(SystemExit):
        stopped_heartbeat(leases)()

    assert (table.released, exit_codes) == ([HUNG, OTHER], [70])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_stop_hands_back_what_still_runs_after_the_grace(
    leases: LeaseKeeper, table: Table, exit_codes: list[int]
) -> None:
    stop_after(timedelta(seconds=0.01))

    eventually(lambda: exit_codes)
    assert (table.released, exit_codes) == ([HUNG, OTHER], [0])


def test_a_database_that_stands_still_does_not_keep_a_process_from_ending(
    exit_codes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr(watchdog, "_HAND_BACK_SECONDS", 0.01)
    hand_back_with(lambda **_: cast("None", never.wait()))

    with pytest.raises(SystemExit):
        end_process(Reason.DEVICE)

    assert exit_codes == [70]
    never.set()


def test_a_rule_that_fails_keeps_no_other_from_looking() -> None:
    looked = threading.Event()

    def fail() -> None:
        raise ZeroDivisionError

    dog = Watchdog([fail, looked.set])
    dog.start()
    assert looked.wait(10)
    dog.stop()
