"""A process and all that it started, also what left its process group, as the backends of PostgreSQL do."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def signal_tree(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and everything below it, parents first: a stopped parent starts no more."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    for child in _children_of(pid):
        signal_tree(child, number)


def descendants_of(pid: int) -> list[int]:
    """List everything below a process, parents first."""
    children = _children_of(pid)
    return children + [below for child in children for below in descendants_of(child)]


def _children_of(pid: int) -> list[int]:
    """List what a process has started; nothing of one that has ended, at whatever moment."""
    children: list[int] = []
    with contextlib.suppress(OSError):
        for tasks in Path("/proc", str(pid), "task").glob("*/children"):
            with contextlib.suppress(OSError):
                children += [int(word) for word in tasks.read_text().split()]
    return children
