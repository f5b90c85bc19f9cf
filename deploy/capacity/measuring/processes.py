"""The CPU time of an installation's processes on this machine (Linux), by the part that they play."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
#: The first of these words in a command line says what it is.
_PARTS: Mapping[str, str] = {
    "worker.sweeper": "sweeper",
    "gunicorn": "front_end",
    "postgres": "database",
    "valkey-server": "broker",
    "redis-server": "broker",
    "weed": "object_store",
    "minio": "object_store",
    "worker": "worker",
}
#: In /proc/PID/stat behind the name: the parent; user and system time, its own and of children that have ended.
_PARENT, _TIMES = 1, slice(11, 15)


def cpu_by_part(roots: Sequence[int]) -> dict[str, float]:
    """Sum the seconds of these processes and of all below them."""
    stats = dict(_stats())
    children: defaultdict[int, list[int]] = defaultdict(list)
    for pid, fields in stats.items():
        children[int(fields[_PARENT])].append(pid)
    spent: defaultdict[str, float] = defaultdict(float)
    left = [pid for pid in roots if pid in stats]
    while left:
        pid = left.pop()
        left += children[pid]
        if part := part_of(_command_of(pid)):
            spent[part] += sum(map(int, stats[pid][_TIMES])) / _TICKS
    return dict(spent)


def part_of(command: Sequence[str]) -> str:
    """Say what a process does, by its command line; nothing for one that is not ours."""
    words = {word for argument in command for word in (argument, *argument.split()[:1])}
    names = words | {Path(word.rstrip(":")).name for word in words}
    return next((part for word, part in _PARTS.items() if word in names), "")


def _stats() -> Iterator[tuple[int, list[str]]]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = file.read_text()
        except OSError:
            continue
        yield int(file.parent.name), text.rpartition(")")[2].split()


def _command_of(pid: int) -> list[str]:
    try:
        return Path("/proc", str(pid), "cmdline").read_text().split("\0")
    except OSError:
        return []
