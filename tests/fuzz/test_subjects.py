"""The fuzzer's subjects, for a moment: what `make fuzz` does for an hour still runs, and would tell."""

from __future__ import annotations

import time
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from tests.fuzz.round import Note, read_note
from tests.fuzz.subjects import MOST_SECONDS, SUBJECTS, Finding, Subject

INPUTS = 300
GOOD = {"taken", "decoded", "ours"}


@pytest.mark.parametrize("name", SUBJECTS)
def test_mutated_inputs_end_as_promised_and_not_all_in_one_way(name: str) -> None:
    subject = SUBJECTS[name]

    endings = Counter(map(subject.try_one, islice(subject.inputs("a seed"), INPUTS)))

    assert endings.keys() & GOOD
    assert endings.keys() - GOOD


def test_the_same_seed_makes_the_same_inputs() -> None:
    first, again = (list(islice(SUBJECTS["list query"].inputs("7"), 50)) for _ in range(2))

    assert first == again


def test_whatever_a_reader_raises_is_a_finding() -> None:
    def careless(data: bytes) -> str:
        return data.decode()

    with pytest.raises(Finding, match="UnicodeDecodeError"):
        Subject("careless", careless, list).try_one(b"\xff")


def test_a_reader_that_takes_long_is_a_finding() -> None:
    def slow(data: bytes) -> str:
        end = time.process_time() + MOST_SECONDS + 0.1
        while time.process_time() < end:
            pass
        return "taken"

    with pytest.raises(Finding, match="of CPU"):
        Subject("slow", slow, list).try_one(b"")


def test_the_input_that_ended_a_process_can_be_read_afterwards(tmp_path: Path) -> None:
    note = Note(tmp_path / "note")

    note.write(b"a long one")
    note.write(b"short")

    assert read_note(tmp_path / "note") == b"short"
