"""What a file of 5 MB makes the front end do between two other requests."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from shared.errors import Refused
from shared.image_files.header import read_header
from shared.wire.contract import MAX_IMAGE_BYTES
from tests.files.hostile import HOSTILE, steps_of

#: Lines of Python, which no machine changes.
MOST_STEPS = 150_000
#: With what they call in C; the quickest of some tries.
CPU_SECONDS = 0.1


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_header_takes_many_steps(make: Callable[[], bytes]) -> None:
    data = make()
    assert MAX_IMAGE_BYTES * 0.8 < len(data) <= MAX_IMAGE_BYTES

    def read() -> None:
        with contextlib.suppress(Refused):
            read_header(data)

    assert steps_of(read) < MOST_STEPS
    assert min(cpu_seconds_of(read) for _ in range(3)) < CPU_SECONDS


def cpu_seconds_of(function: Callable[[], object]) -> float:
    began = time.thread_time()
    function()
    return time.thread_time() - began
