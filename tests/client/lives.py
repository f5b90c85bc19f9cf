"""Lives of an import, each of which ends by SIGKILL at another moment; and what must be true after the last one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

#: Each life ends at one of these: on both sides of each change.
MOMENTS = tuple(
    f"{side} {change}"
    for change in ("link", "upload", "sent", "rename", "fetched")
    for side in ("before", "after")
)
_LONGEST_SECONDS = 600


def fill(folder: Path, count: int) -> None:
    """Lay so many photos into folders, no two alike."""
    for number in range(count):
        path = folder / f"{number % 10}" / f"{number:04}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xff\xd8\xff" + str(number).encode())


def live_and_die(
    arguments: list[str], log: Path, *, cycles: int = 1, time: int = 1
) -> Counter[str]:
    """Run `cutwork` until it comes to its end, and say where its lives ended before.

    Args:
        arguments: Of the command.
        log: Where it writes how it died.
        cycles: So often it dies at each moment.
        time: When a moment comes so often, it dies.
    """
    log.touch()
    for moment in (*MOMENTS * cycles, "never"):
        command = [sys.executable, "-m", "tests.client.mortal", str(log), moment, str(time)]
        ended = subprocess.run(
            [*command, *arguments],
            check=False,
            capture_output=True,
            env=surroundings(),
            timeout=_LONGEST_SECONDS,
        )
        assert ended.returncode in {0, -signal.SIGKILL}, ended.stderr.decode()
    assert ended.returncode == 0
    return Counter(log.read_text().splitlines())


def check_all_there(folder: Path, out: Path) -> None:
    """See that each photo has its picture and its line, and that nothing torn lies about."""
    inputs = {str(path.relative_to(folder)) for path in folder.rglob("*.jpg")}
    pictures = {str(path.relative_to(out)) for path in out.rglob("*.png")}
    assert pictures == {name.replace(".jpg", ".cutout.png") for name in inputs}
    lines = [json.loads(line) for line in (out / "report.jsonl").read_text().splitlines()]
    assert {line["path"] for line in lines if line["status"] == "done"} == inputs
    assert len(lines) == len(inputs)
    assert list(out.rglob("*.part")) == []
    command = [sys.executable, "-m", "cutwork", "verify", str(out)]
    subprocess.run(command, check=True, env=surroundings(), stdout=subprocess.DEVNULL)


def surroundings() -> dict[str, str]:
    """Let a process find the client, installed or not."""
    return {**os.environ, "PYTHONPATH": "client"}
