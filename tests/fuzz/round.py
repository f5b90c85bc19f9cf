"""`python -m tests.fuzz.round SUBJECT SEED SECONDS INPUT`: one reader, for a while, in a process of its own.

Prints a line of JSON: how many inputs ended in which way, and the slowest. Before an input is read it is written to the
file INPUT, so that one that kills the process is known.
"""

from __future__ import annotations

import json
import mmap
import resource
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.subjects import SUBJECTS, Finding

#: Of CPU, so that a busy machine is no finding.
HANGS_AFTER_SECONDS = 20.0
#: Of address space: more than any input may need.
_MOST_BYTES = 4 << 30
_LARGEST_INPUT = 8 << 20
_LENGTH_BYTES = 8


class Note:
    """A file that always holds the input that is being read, even when the process ends in the middle of it."""

    def __init__(self, path: Path) -> None:
        """Make room for the largest one."""
        with path.open("wb") as file:
            file.truncate(_LENGTH_BYTES + _LARGEST_INPUT)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)

    def write(self, data: bytes) -> None:
        self._map[: _LENGTH_BYTES + len(data)] = len(data).to_bytes(_LENGTH_BYTES) + data


def read_note(path: Path) -> bytes:
    content = path.read_bytes()
    return content[_LENGTH_BYTES : _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES])]


def main() -> int:
    """Read inputs until the time is up; 1 at the first finding."""
    name, seed, seconds, note = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    subject, noted = SUBJECTS[name], Note(Path(note))
    endings: Counter[str] = Counter()
    slowest, finding = 0.0, ""
    end = time.monotonic() + float(seconds)
    for data in subject.inputs(seed):
        began = time.monotonic()
        if began > end:
            break
        noted.write(data)
        # What takes so long hangs: the signal ends the process, wherever it is.
        signal.setitimer(signal.ITIMER_PROF, HANGS_AFTER_SECONDS)
        try:
            endings[subject.try_one(data)] += 1
        except Finding as error:
            finding = str(error)
            break
        slowest = max(slowest, time.monotonic() - began)
    signal.setitimer(signal.ITIMER_PROF, 0)
    report = {"endings": endings, "slowest_s": round(slowest, 3), "finding": finding}
    sys.stdout.write(json.dumps(report) + "\n")
    return 1 if finding else 0


if __name__ == "__main__":
    sys.exit(main())
