"""`python -m tests.fuzz --seconds 3600`: mutated inputs for everything that reads bytes of strangers.

Each reader has a process of its own, which is started again with another seed every minute, and after a crash. The seed
of a round is printed with its finding, and the input is kept: `--only NAME --input FILE` reads it again.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.round import read_note
from tests.fuzz.subjects import SUBJECTS

_ROUND_SECONDS = 60.0
#: A process that waits for something without working; it may also take its time to start on a busy machine.
_PATIENCE_SECONDS = 600.0
_ROOT = Path(__file__).parents[2]


@dataclass
class Tally:
    """What one reader was given so far."""

    endings: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    findings: list[str] = field(default_factory=list)


def main() -> int:
    """Fuzz, print a table, and tell whether nothing was found."""
    wanted = _arguments()
    names = [name for name in SUBJECTS if wanted.only in name]
    if wanted.input is not None:
        [name] = names
        _say(SUBJECTS[name].try_one(wanted.input.read_bytes()))
        return 0
    wanted.directory.mkdir(parents=True, exist_ok=True)
    _say(f"seed {wanted.seed}")
    tallies = {name: Tally() for name in names}
    began, number = time.monotonic(), 0
    while (left := wanted.seconds - (time.monotonic() - began)) > 0:
        name = names[number % len(names)]
        seconds = min(_ROUND_SECONDS, max(1.0, left), max(1.0, wanted.seconds / len(names)))
        _round(tallies[name], name, f"{wanted.seed}-{number}", seconds, wanted.directory)
        number += 1
    _say(table(tallies))
    findings = sum(len(tally.findings) for tally in tallies.values())
    total = sum(tally.endings.total() for tally in tallies.values())
    _say(f"\n{total:,} inputs, seed {wanted.seed}, {number} rounds, {findings} findings")
    return 1 if findings else 0


def table(tallies: dict[str, Tally]) -> str:
    """Write one line a reader, as Markdown."""
    lines = [
        "| reader | inputs | taken | refused | slowest, s | findings |",
        "|---|---|---|---|---|---|",
    ]
    for name, tally in tallies.items():
        taken = sum(tally.endings[word] for word in ("taken", "decoded", "ours"))
        total = tally.endings.total()
        cells = (f"{total:,}", f"{taken:,}", f"{total - taken:,}", f"{tally.slowest:.2f}")
        lines.append(f"| {name} | {' | '.join(cells)} | {len(tally.findings)} |")
    return "\n".join(lines)


def _round(tally: Tally, name: str, seed: str, seconds: float, directory: Path) -> None:
    note = directory / f"{name.replace(' ', '-')}.note"
    command = [sys.executable, "-m", "tests.fuzz.round", name, seed, str(seconds), str(note)]
    finding, report = "", dict[str, Any]()
    try:
        done = subprocess.run(
            command,
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            # libjpeg's own complaints are thousands of lines.
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=seconds + _PATIENCE_SECONDS,
        )
        report = json.loads(done.stdout) if done.stdout else {}
        hangs = done.returncode == -signal.SIGPROF
        finding = report.get(
            "finding", "hangs" if hangs else f"the process ended with {done.returncode}"
        )
    except subprocess.TimeoutExpired:
        finding = "waits"
    tally.endings.update(report.get("endings", {}))
    tally.slowest = max(tally.slowest, report.get("slowest_s", 0.0))
    if finding:
        kept = directory / f"{name.replace(' ', '-')}-{seed}.input"
        kept.write_bytes(read_note(note))
        tally.findings.append(finding)
        _say(f"FINDING {name}, seed {seed}: {finding}; the input is {kept}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", default=str(random.randrange(10**9)))
    parser.add_argument("--only", default="", choices=["", *SUBJECTS])
    parser.add_argument("--input", type=Path, help="Read this file, and nothing else.")
    parser.add_argument("--directory", type=Path, default=Path(".cutwork/fuzz"))
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
