"""`python -m tests.fault.batches --items 10000 --seed …`: a batch through killed workers, front ends, broker, stores.

First, in peace and at default settings, another tenant's single jobs alone and beside the batch. Then the batch is hurt
until it has ended: every line is in the output file or in the error file, once and for the right reason; no line became
two jobs; every webhook that is owed has come.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.fault.batch_neighbour import Neighbour
from tests.fault.batch_trial import BatchTrial
from tests.fault.command import create_parser, say
from tests.fault.fleet import fleet
from tests.file_server import running_file_server


def main() -> int:
    """Run, and print what came of it; 1 if something is not right."""
    wanted = _arguments()
    directory = wanted.directory / time.strftime("%Y%m%d-%H%M%S")
    say(f"seed {wanted.seed}, {wanted.items} items on {wanted.database}, logs in {directory}")
    with running_file_server() as photos:
        with fleet(directory / "in-peace", wanted.database, photos, pace={}) as running:
            neighbour = Neighbour(running, photos, wanted.seed, wanted.items)
            neighbour.run()
        with fleet(directory, wanted.database, photos) as running:
            trial = BatchTrial(running, photos, wanted.seed, wanted.items, say)
            trial.run()
    for name, figure in {**neighbour.figures, **trial.figures}.items():
        say(f"{name}: {figure}")
    troubles = [*neighbour.troubles, *trial.troubles]
    for trouble in troubles[:50]:
        say(f"TROUBLE {trouble}")
    return 1 if troubles else 0


def _arguments() -> argparse.Namespace:
    parser = create_parser(__doc__, ".cutwork/batches")
    parser.add_argument("--items", type=int, default=10_000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
