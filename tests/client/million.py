"""`python -m tests.client.million`: the memory that an import of so many files takes.

All are links to one photo of a kilobyte. They are looked at, checked, and then sent and written for a while; the report
has a line for each. The service is the tests' own, in a process of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from tests.client.fake_service import KEY, FakeService, running
from tests.client.lives import surroundings
from tests.conditions import eventually

_A_FOLDER = 1000


def serve(connection: Connection) -> None:
    """Serve until a word comes."""
    with running(FakeService()) as service:
        connection.send(service.url)
        connection.recv()


def fill(folder: Path, count: int) -> None:
    """Make so many names."""
    (folder / "0").mkdir(parents=True)
    photo = folder / "0" / "photo-0000000.jpg"
    photo.write_bytes(b"\xff\xd8\xff" + bytes(1000))
    for number in range(1, count):
        inner = folder / str(number // _A_FOLDER)
        if number % _A_FOLDER == 0:
            inner.mkdir()
        (inner / f"photo-{number:07}.jpg").symlink_to(photo)


def most_memory_of(process: subprocess.Popen[bytes]) -> float:
    """Watch a process until it ends, and say how many MB it had at most."""
    most = 0.0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):
            most = max(most, int(found[1]) / 1024)
        time.sleep(0.02)
    return most


def main() -> None:
    """Measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument(
        "--seconds", type=float, default=120, help="Then it is stopped, as by Ctrl-C."
    )
    arguments = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    server.start()
    with tempfile.TemporaryDirectory() as home:
        folder, out = Path(home, "in"), Path(home, "out")
        fill(folder, arguments.files)
        command = [sys.executable, "-m", "cutwork", "ingest", str(folder), "-o", str(out)]
        environment = {**surroundings(), "CUTWORK_URL": ours.recv(), "CUTWORK_KEY": KEY}
        began = time.monotonic()
        with subprocess.Popen(command, env=environment) as importing:
            eventually((out / ".cutwork" / "partial").exists, 600)
            walked = time.monotonic() - began
            with suppress(subprocess.TimeoutExpired):
                importing.wait(arguments.seconds)
            importing.send_signal(signal.SIGINT)
            most = most_memory_of(importing)
        lines = sum(1 for _ in (out / "report.jsonl").open())
    ours.send("enough")
    server.join()
    sys.stdout.write(
        f"{arguments.files:,} files, {lines:,} lines: {most:.0f} MB at most, {walked:.0f} s to look at all\n"
    )


if __name__ == "__main__":
    main()
