"""`python -m tests.fault.soak --seconds 3600 --seed …`: the nemesis for as long as you like.

Writes the ledger as JSON, as a table and as a picture, and every process's log, to a directory. TERM or Ctrl-C ends it
early, in order.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import threading
import time
from pathlib import Path

from tests.fault.chart import chart
from tests.fault.fleet import fleet
from tests.fault.nemesis import Nemesis


def main() -> int:
    """Run, print and write the ledger; 1 if it is not balanced."""
    wanted = _arguments()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    directory = wanted.directory / time.strftime("%Y%m%d-%H%M%S")
    _say(f"seed {wanted.seed}, {wanted.seconds:g} s on {wanted.database}, logs in {directory}")
    with fleet(directory, wanted.database) as running:
        report = Nemesis(running, wanted.seed, _say, stopping).run(wanted.seconds)
    report.write(directory / "ledger.json")
    (directory / "ledger.md").write_text(report.table() + "\n")
    (directory / "ledger.svg").write_text(
        chart(json.loads((directory / "ledger.json").read_text()))
    )
    _say(report.table())
    for trouble in report.troubles[:50]:
        _say(f"TROUBLE {trouble}")
    return 0 if report.is_balanced else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", default=str(random.randrange(10**9)))
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--directory", type=Path, default=Path(".cutwork/soak"))
    return parser.parse_args()


def _say(words: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
