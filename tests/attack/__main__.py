"""`python -m tests.attack`: every row of SECURITY.md's threat table, as an attempt against a running installation.

Takes minutes, on loopback alone. Prints what was tried and seen, and how long a well-behaved client waited beside it;
ends with 1 if something did not hold.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.attack import measurement
from tests.attack.attempt import Attempt, Outcome, make
from tests.attack.local import running_locally
from tests.attack.production import running_production
from tests.attack.report import table, words
from tests.attack.target import Target
from tests.attack.threats import THREATS


def main() -> int:
    """Attack, print, and tell whether all held."""
    wanted = _arguments()
    began = time.monotonic()
    with running_production() if wanted.production else running_locally() as target:
        outcomes = _attack(target, wanted.only)
        if outcomes:
            _say(f"\n{table(outcomes)}\n")
        if target.measured:
            _say(f"{measurement.table(target.measured)}\n")
    lost = [it for it in outcomes if not it.held]
    _say(
        f"{target.name}, {os.cpu_count()} cores: {len(outcomes)} attempts in {time.monotonic() - began:.0f} s, "
        f"{len(lost)} not held"
    )
    return 1 if lost else 0


def _attack(target: Target, only: str) -> list[Outcome]:
    outcomes = []
    for threat, attempts in THREATS.items():
        for attempt in attempts:
            if not _is_wanted(threat, attempt, only):
                continue
            outcome = make(threat, attempt, target)
            outcomes.append(outcome)
            verdict = "held" if outcome.held else "NOT HELD"
            _say(f"{verdict:<8} {outcome.seconds:5.1f} s  {words(outcome.attempt)}: {outcome.seen}")
    return outcomes


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--production",
        action="store_true",
        help="Attack production's shape: nginx, TLS, keys, PostgreSQL, a role for each process.",
    )
    parser.add_argument("--only", default="", help="Those whose threat, name or file holds this.")
    wanted = parser.parse_args()
    if not any(
        _is_wanted(threat, it, wanted.only) for threat, them in THREATS.items() for it in them
    ):
        parser.error(f"no attempt, threat or file holds {wanted.only!r}")
    return wanted


def _is_wanted(threat: str, attempt: Attempt, only: str) -> bool:
    return only in f"{threat} {attempt.__name__} {attempt.__module__}"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
