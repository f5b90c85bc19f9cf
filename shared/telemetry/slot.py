"""A number for each of several like processes: the smallest that no living one has.

Who takes the place of a process that has ended gets its number, and goes on with its files. So there are as many files
as processes ever ran at once, however many have come and gone, and no count goes backwards.
"""

from __future__ import annotations

import fcntl
from itertools import count
from pathlib import Path
from typing import IO

#: Open until the process ends, whatever it ends by: the kernel lets go of the lock.
_held: list[IO[bytes]] = []


def take_slot(directory: Path) -> int:
    """Take a number for the life of this process."""
    for number in count():
        lock = (directory / f"{number}.slot").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _held.append(lock)
        _forget_what_went_on(directory, number)
        return number
    raise AssertionError


def _forget_what_went_on(directory: Path, number: int) -> None:
    """Delete the gauges of the one before: nothing of it goes on any more."""
    for gauge in directory.glob(f"gauge_live*_{number}.db"):
        gauge.unlink()
