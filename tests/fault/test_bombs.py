"""Small files that mean to be large: refused, or decoded for what they are worth, at once."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from functools import partial

import pytest

from shared.errors import ErrorCode, Refused
from tests.fault.bombs import profile_bomb, row_bomb, scan_bomb, text_bomb
from tests.pictures import encoded, jpeg, photo
from worker.decoding import decode

CPU_SECONDS = 2
MEGABYTES = 100


@pytest.mark.parametrize(
    "bomb",
    [text_bomb, profile_bomb, scan_bomb, partial(scan_bomb, hidden_end=True)],
    ids=["comment", "colour profile", "scans", "scans behind an end"],
)
def test_a_bomb_costs_next_to_nothing_and_is_refused(bomb: Callable[[], bytes]) -> None:
    data = bomb()
    began, memory = time.process_time(), peak_megabytes()

    with pytest.raises(Refused) as refused:
        decode(data)

    assert refused.value.code is ErrorCode.FILE_DECODING_FAILURE
    assert time.process_time() - began < CPU_SECONDS
    assert peak_megabytes() - memory < MEGABYTES


def test_more_rows_than_the_header_says_are_not_unpacked() -> None:
    data = row_bomb()
    memory = peak_megabytes()

    assert decode(data).rgb.shape == decode(encoded(photo(96, 96))).rgb.shape

    assert peak_megabytes() - memory < MEGABYTES


def test_an_ordinary_progressive_photo_has_few_scans_and_may_be_followed_by_anything() -> None:
    whole = jpeg(photo(300, 200), progressive=True)

    assert decode(whole + b"\xff\xda" * 150).rgb.shape == (200, 300, 3)


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
