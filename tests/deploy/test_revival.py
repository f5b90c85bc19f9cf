from __future__ import annotations

import pytest

from deploy.local.processes.process import ProcessFailed
from deploy.local.processes.revival import Revival


class Subject:
    """Something that dies when told to, on a clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.is_running = True
        self.return_code = 3
        self.launches: list[float] = []
        self.said: list[str] = []
        self.refuses = False
        self.revival = Revival("worker", self, self.launch, self.said.append, lambda: self.now)

    def launch(self) -> None:
        self.launches.append(self.now)
        if self.refuses:
            raise ProcessFailed("port taken")
        self.is_running = True

    def tend_until(self, end: float) -> None:
        while self.now < end:
            self.now += 0.25
            self.revival.tend()


@pytest.fixture
def subject() -> Subject:
    return Subject()


def test_what_runs_is_left_alone(subject: Subject) -> None:
    subject.tend_until(100)

    assert subject.launches == []
    assert subject.said == []


def test_what_ended_is_started_again_and_told_in_one_line(subject: Subject) -> None:
    subject.is_running = False

    subject.tend_until(10)

    assert subject.launches == [0.75]
    assert subject.said == ["worker ended with 3; starting it again in 0.5 s"]


def test_the_pauses_grow_to_half_a_minute(subject: Subject) -> None:
    for _ in range(9):
        subject.is_running = False
        subject.tend_until(subject.now + 31)

    pauses = [line.split()[-2] for line in subject.said]
    assert pauses == ["0.5", "1", "2", "4", "8", "16", "30", "30", "30"]


def test_what_ran_for_long_is_started_again_soon(subject: Subject) -> None:
    for lifetime in (1, 1, 100):
        subject.is_running = False
        subject.tend_until(subject.now + 10 + lifetime)
    subject.is_running = False
    subject.tend_until(subject.now + 10)

    assert subject.said[-1] == "worker ended with 3; starting it again in 0.5 s"


def test_a_start_that_fails_is_tried_again(subject: Subject) -> None:
    subject.is_running = False
    subject.refuses = True
    subject.tend_until(2)
    subject.refuses = False

    subject.tend_until(10)

    assert subject.is_running
    assert len(subject.launches) == 3
