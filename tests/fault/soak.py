"""`python -m tests.fault.soak --seconds 3600 --seed …`: the nemesis for as long as you like.

Writes the ledger as JSON, as a table and as a picture, and every process's log, to a directory. TERM or Ctrl-C ends it
early, in order.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time

from tests.fault.chart import chart
from tests.fault.command import create_parser, say
from tests.fault.fleet import fleet
from tests.fault.nemesis import Nemesis


def main() -> int:
    """Run, print and write the ledger; 1 if it is not balanced."""
    wanted = _arguments()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    directory = wanted.directory / time.strftime("%Y%m%d-%H%M%S")
    say(f"seed {wanted.seed}, {wanted.seconds:g} s on {wanted.database}, logs in {directory}")
    with fleet(directory, wanted.database) as running:
        report = Nemesis(running, wanted.seed, say, stopping).run(wanted.seconds)
    report.write(directory / "ledger.json")
    (directory / "ledger.md").write_text(report.table() + "\n")
    (directory / "ledger.svg").write_text(
        chart(json.loads((directory / "ledger.json").read_text()))
    )
    say(report.table())
    for trouble in report.troubles[:50]:
        say(f"TROUBLE {trouble}")
    return 0 if report.is_balanced else 1


def _arguments() -> argparse.Namespace:
    parser = create_parser(__doc__, ".cutwork/soak")
    parser.add_argument("--seconds", type=float, default=3600)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
