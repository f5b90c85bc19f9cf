"""`python -m tests.benchmarks.round_trips --before CHECKOUT`: what a job asks of PostgreSQL, in two checkouts.

Round trips are counted on the line, CPU is that of the asking process, and time is taken on a line of a millisecond, as
to a database in the same city. Both checkouts take turns; medians. Writes docs/benchmarks/round-trips.md and .json.
"""

from __future__ import annotations

import argparse
import statistics
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from deploy.local.servers.postgres import Postgres
from shared.sql.database import Database
from shared.sql.schema import migrate
from tests.benchmarks.results import ON_THIS_MACHINE, described_machine, write_results
from tests.benchmarks.round_trips.line import Line
from tests.benchmarks.side_process import SideProcess

_ROOT = Path(__file__).parents[3]
_ACTS = {
    "poll": "a poll: whose key it is, and the job",
    "upload": "an upload: whose key it is, its row and its turn",
    "work": "an attempt: claim, one heartbeat, end",
}
_FAR_SECONDS = 0.001


class Side:
    """A process that works with one checkout, on a database of its own, directly and over a long line."""

    def __init__(self, checkout: Path, server: Postgres, stack: ExitStack) -> None:
        """Start it."""
        direct = server.create_database(f"trips_{uuid.uuid4().hex[:8]}")
        database = Database(direct)
        migrate(database)
        database.close()
        url = make_url(direct)
        self.line = stack.enter_context(Line(url.port or 0, _FAR_SECONDS))
        self._urls = {
            "direct": direct,
            "far": url.set(port=self.line.port).render_as_string(hide_password=False),
        }
        self._process = SideProcess(Path(__file__).with_name("side.py"), checkout)
        stack.callback(self._process.close)

    def ask(self, way: str, act: str, times: int) -> dict[str, float]:
        """Let it do something so many times; one takes so long."""
        answer: dict[str, float] = self._process.ask(
            {"url": self._urls[way], "act": act, "times": times}
        )
        return answer

    def measure(self, act: str, times: int) -> dict[str, float]:
        """Measure an act on both ways, each so many times."""
        cpu = self.ask("direct", act, times)["cpu"]
        before = self.line.trips
        wall = self.ask("far", act, times)["wall"]
        return {"cpu": cpu, "wall": wall, "trips": (self.line.trips - before) / times}


def main() -> None:
    """Measure, and write down."""
    arguments = _arguments()
    with described_machine() as machine, ExitStack() as stack:
        server = stack.enter_context(Postgres.temporary())
        checkouts = {"before": arguments.before.resolve(), "now": _ROOT}
        sides = {name: Side(checkout, server, stack) for name, checkout in checkouts.items()}
        measured = {act: _measure(sides, act, arguments.rounds, arguments.times) for act in _ACTS}
    found = {"machine": {**machine, "rounds": arguments.rounds}, "acts": measured}
    write_results("round-trips", found, _page(found))


def _measure(
    sides: Mapping[str, Side], act: str, rounds: int, times: int
) -> dict[str, dict[str, float]]:
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name in list(sides) if number % 2 else list(sides)[::-1]:
            for way in ("direct", "far"):
                if act == "work":
                    sides[name].ask(way, "upload", times)  # what it works on
            runs[name].append(sides[name].measure(act, times))
    return {
        name: {
            what: round(statistics.median(run[what] for run in found[1:]), 2) for what in found[0]
        }
        for name, found in runs.items()
    }


def _page(found: Mapping[str, Any]) -> str:
    head = f"""# Round trips to PostgreSQL

Written by `python -m tests.benchmarks.round_trips`, {ON_THIS_MACHINE.format(**found["machine"])}:
others used the machine too, so only ratios mean something. Round trips are counted on the line. CPU is that of the
process which asks; time is on a line of one millisecond, and means nothing where the load is higher than the cores are
many. Medians of {found["machine"]["rounds"]} rounds, both in turns.

| | round trips, before → now | CPU, now to before | time, now to before |
|---|---|---|---|
"""
    return head + "".join(_rows(found["acts"]))


def _rows(acts: Mapping[str, Any]) -> Iterator[str]:
    for act, sides in acts.items():
        before, now = sides["before"], sides["now"]
        ratios = (f"{now[what] / before[what]:.2f}" for what in ("cpu", "wall"))
        yield f"| {_ACTS[act]} | {before['trips']:.0f} → {now['trips']:.0f} | {' | '.join(ratios)} |\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, required=True, help="the checkout to compare with")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--times", type=int, default=50, help="that each act is done in a round")
    return parser.parse_args()


if __name__ == "__main__":
    main()
