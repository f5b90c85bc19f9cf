"""An attempt that shows nothing does not count as held."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.attack.attempt import hold, make
from tests.attack.measurement import Measurement, Percentiles, table
from tests.attack.target import Target


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return Target(
        *("nothing", "http://127.0.0.1:1", {}, tmp_path, os.getpid(), ()), keyless=True, metrics={}
    )


def test_what_an_attempt_saw_is_kept(target: Target) -> None:
    outcome = make("a threat", lambda _: "nothing", target)

    assert (outcome.threat, outcome.seen, outcome.held) == ("a threat", "nothing", True)


def test_an_attempt_that_got_in_is_not_held(target: Target) -> None:
    def gets_in(_: Target) -> str:
        hold(False, "a photo")
        return "nothing"

    outcome = make("a threat", gets_in, target)

    assert (outcome.seen, outcome.held, outcome.attempt) == ("a photo", False, "gets_in")


def test_an_attempt_that_breaks_off_is_not_held(target: Target) -> None:
    def finds_nobody(target: Target) -> str:
        target.connect().close()
        return "nothing"

    outcome = make("a threat", finds_nobody, target)

    assert not outcome.held
    assert "broke off: ConnectionRefusedError" in outcome.seen


def test_a_wait_is_told_beside_the_quiet_one() -> None:
    quiet, slow = Percentiles.of([0.001] * 20), Percentiles.of([0.01] * 20)

    lines = table([Measurement("nobody", quiet, quiet, 20), Measurement("noise", slow, slow, 20)])

    assert lines.splitlines()[-1] == "| noise | 10 | 10 | 10.0 | 10 | 10 | 10.0 | 20 |"
