"""What counts as time in which nobody worked, where somebody should have."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from types import SimpleNamespace

from tests.fault.idleness import Life, Span, life_of, longest_idleness


def life(posted: float, end: float, *attempts: tuple[float, float]) -> Life:
    return Life(Span(posted, end), tuple(Span(*it) for it in attempts))


def test_a_job_that_waits_beside_a_free_hand_is_idleness_and_behind_busy_ones_is_not() -> None:
    first = life(0, 5, (0, 5))
    second = life(0, 9, (7, 9))

    assert longest_idleness([first, second], hands=1, since=0) == 2
    assert longest_idleness([first, second], hands=2, since=0) == 7


def test_it_counts_from_a_moment_on() -> None:
    assert longest_idleness([life(0, 9, (7, 9))], hands=1, since=4) == 3
    assert longest_idleness([life(0, 9, (7, 9))], hands=1, since=8) == 0


def test_nothing_waits_before_it_is_posted() -> None:
    assert longest_idleness([life(0, 1, (0, 1)), life(5, 7, (6, 7))], hands=1, since=0) == 1


def test_a_job_that_nobody_takes_waits_without_end() -> None:
    assert longest_idleness([life(0, math.inf)], hands=1, since=0) == math.inf


def test_one_that_was_given_back_waits_again() -> None:
    assert longest_idleness([life(0, 8, (0, 1), (5, 8))], hands=1, since=0) == 4


def test_a_life_is_read_from_a_row() -> None:
    row = SimpleNamespace(
        created_at=datetime.fromtimestamp(100, UTC),
        finished_at=datetime.fromtimestamp(109, UTC),
        history="101000 claimed worker-1\n102000 released\n105000 claimed worker-2\n109000 succeeded\n",
    )

    assert life_of(row) == life(100, 109, (101, 102), (105, 109))


def test_what_still_runs_has_no_end() -> None:
    row = SimpleNamespace(
        created_at=datetime.fromtimestamp(100, UTC),
        finished_at=None,
        history="101000 claimed worker-1\n",
    )

    assert life_of(row) == life(100, math.inf, (101, math.inf))
