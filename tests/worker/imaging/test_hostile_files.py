"""What a file of 5 MB makes a worker do beside its other photos."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from shared.errors import Refused
from tests.files.hostile import HOSTILE, steps_of
from worker.imaging.decoding import decode

#: Lines of Python: with what they call in C, about half a second.
MOST_STEPS = 1_000_000


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_file_takes_a_worker_many_steps(make: Callable[[], bytes]) -> None:
    data = make()

    def read() -> None:
        with contextlib.suppress(Refused):
            decode(data)

    assert steps_of(read) < MOST_STEPS
