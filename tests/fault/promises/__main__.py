"""`python -m tests.fault.promises [--databases sqlite] [--rows 1 5]`: try all that README promises of accepted jobs.

That is every row of its table, and behind them the warnings of `/readyz`, as rows 12 and 13. Each row gets an
installation of its own, on real servers and processes, and every setting is at its default. Prints the table of
docs/why/reliability.md, and ends with 1 if a promise is not kept. Takes about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import get_args

from shared.settings.settings import PREFIX
from tests.fault.fleet import DatabaseKind
from tests.fault.promises.of_requests import (
    a_message_comes_twice,
    a_photo_is_damaged,
    another_customer_imports,
)
from tests.fault.promises.of_stores import a_store_is_away, redis_is_away, redis_loses_messages
from tests.fault.promises.of_warnings import nobody_sweeps, nobody_works
from tests.fault.promises.of_workers import (
    a_photo_kills_workers,
    a_worker_dies,
    a_worker_is_stopped,
    a_worker_stands_still,
    the_network_hangs,
)
from tests.fault.promises.promise import Promise
from tests.fault.promises.stand import stand

#: In the order of README's table.
PROMISES = (
    Promise("a worker dies (`kill -9`, power, memory)", 33, a_worker_dies),
    Promise("a worker hangs and comes back", 33, a_worker_stands_still),
    Promise("a worker is stopped (TERM)", 3, a_worker_is_stopped),
    Promise("the network hangs on a photo", 123, the_network_hangs),
    Promise(
        "Redis loses its messages, or a front end dies before it publishes",
        13,
        redis_loses_messages,
    ),
    Promise("Redis is away at the upload", 4, redis_is_away),
    Promise("the database or the object store goes away", 13, a_store_is_away),
    Promise("a photo kills the worker that decodes it", None, a_photo_kills_workers),
    Promise("the same message arrives twice", None, a_message_comes_twice),
    Promise("another customer fills its queue (20,000 photos)", None, another_customer_imports),
    Promise("a photo is damaged, or shows no clothing", None, a_photo_is_damaged),
)
#: What stands behind the table, each with the second for which `/readyz` keeps what it found, and one to look.
WARNINGS = (
    Promise("jobs wait for 30 s, and no worker takes one: `/readyz` warns", 32, nobody_works),
    Promise("no sweeper runs for 30 s: `/readyz` warns", 32, nobody_sweeps),
)
_ALL = PROMISES + WARNINGS


def main() -> int:
    """Try the promises that are wanted, and print a line for each way in which it was done."""
    wanted = _arguments()
    if changed := [name for name in os.environ if name.startswith(PREFIX)]:
        sys.exit(f"the defaults are measured: unset {', '.join(changed)}")
    _say(
        "| | what happens | how it was tried | on | promised | measured | |\n|---|---|---|---|---|---|---|"
    )
    is_kept = True
    for number in wanted.rows:
        for database in wanted.databases:
            is_kept &= _try(number, _ALL[number - 1], database)
    return 0 if is_kept else 1


def _try(number: int, promise: Promise, database: DatabaseKind) -> bool:
    is_kept = True
    with stand(database) as running:
        for finding in promise.try_it(running):
            bound = promise.bound_of(finding)
            promised = "" if bound is None else f"{bound:g} s"
            measured = "" if finding.seconds is None else f"{finding.seconds:.1f} s"
            right = promise.is_kept(finding)
            verdict = "kept" if right else f"**not kept** {finding.trouble}"
            _say(
                f"| {number} | {promise.event} | {finding.tried} | {database} | {promised} | {measured} | {verdict} |"
            )
            is_kept &= right
    return is_kept


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    every = range(1, len(_ALL) + 1)
    parser.add_argument("--rows", type=int, nargs="+", default=every, choices=every)
    databases = get_args(DatabaseKind)
    parser.add_argument("--databases", nargs="+", default=databases, choices=databases)
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
