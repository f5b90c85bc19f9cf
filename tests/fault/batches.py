"""`python -m tests.fault.batches --items 10000 --seed …`: a batch through killed workers, front ends, broker, stores.

At the end every line is in the output file or in the error file, once and for the right reason; no line became two
jobs; every webhook that is owed has come; and a single job of another tenant took no longer than usual beside it.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.fault.batch_trial import BatchTrial
from tests.fault.command import create_parser, say
from tests.fault.fleet import fleet
from tests.file_server import running_file_server


def main() -> int:
    """Run, and print what came of it; 1 if something is not right."""
    wanted = _arguments()
    directory = wanted.directory / time.strftime("%Y%m%d-%H%M%S")
    say(f"seed {wanted.seed}, {wanted.items} items on {wanted.database}, logs in {directory}")
    with running_file_server() as photos, fleet(directory, wanted.database, photos) as running:
        trial = BatchTrial(running, photos, wanted.seed, wanted.items, say)
        is_right = trial.run()
    for name, figure in trial.figures.items():
        say(f"{name}: {figure}")
    for trouble in trial.troubles[:50]:
        say(f"TROUBLE {trouble}")
    return 0 if is_right else 1


def _arguments() -> argparse.Namespace:
    parser = create_parser(__doc__, ".cutwork/batches")
    parser.add_argument("--items", type=int, default=10_000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
