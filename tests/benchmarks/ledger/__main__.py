"""`python -m tests.benchmarks.ledger [--before CHECKOUT]`: where the time of a job's image path goes, stage by stage.

Writes a table, all numbers and a plot into docs/benchmarks. The sides take turns on each case, each in a process of its
own: this checkout, another one that it is compared with, and the floor. Medians; of `--rounds` rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import cv2

from shared.settings.settings import Settings
from shared.wire.contract import Category
from tests.benchmarks.ledger.drawing import Bar, draw_bars
from tests.benchmarks.ledger.floor import Floor
from tests.benchmarks.ledger.photos import SIZES, write_photo
from tests.benchmarks.ledger.side import STAGES, Spent
from tests.benchmarks.results import RESULTS, described_machine
from tests.benchmarks.side_process import SideProcess
from worker.app import create_segmenter

_ROOT = Path(__file__).parents[3]
_CATEGORIES = {0: [], 2: ["tops", "pants"], 7: [word.value for word in Category]}
_FORMS = ("cutout", "mask", "white")
_FLOOR = "floor"
_HEAD = """# The ledger

CPU milliseconds of each stage of one job's image path, and wall time of all together: medians, by `make bench-full`.
[Where the time goes](README.md) says what that means, and `docs/benchmarks/ledger.json` on which machine it was.

"""
#: Times of each stage in a round: CPU, wall; milliseconds.
Round = Spent


@dataclass(frozen=True)
class Case:
    """What a job is asked for."""

    size: str
    count: int
    form: str

    @property
    def name(self) -> str:
        """As tables call it."""
        return f"{self.size}, {self.form}, {self.count} categories"

    def asked(self, photo: Path) -> dict[str, object]:
        """Write it for a side, which does the job once and tells its stages."""
        return {"photo": str(photo), "categories": _CATEGORIES[self.count], "form": self.form}


def main() -> None:
    """Measure, and write down."""
    arguments = _arguments()
    cv2.setNumThreads(1)
    with ExitStack() as stack:
        machine = stack.enter_context(described_machine())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        photos = {size: folder / f"{size}.jpg" for size in SIZES}
        for size, file in photos.items():
            file.write_bytes(write_photo(size))
        segmenter = create_segmenter(Settings())
        floors = {size: Floor(photo.read_bytes(), segmenter) for size, photo in photos.items()}
        sides: dict[str, Callable[[Case], Round]] = {}
        checkouts = {"before": arguments.before, "now": _ROOT}
        for name, checkout in checkouts.items():
            if checkout is not None:
                side = SideProcess(Path(__file__).with_name("side.py"), checkout.resolve())
                stack.callback(side.close)
                sides[name] = lambda case, side=side: side.ask(case.asked(photos[case.size]))  # type: ignore[misc]
        sides[_FLOOR] = lambda case: floors[case.size].measure(_CATEGORIES[case.count], case.form)
        measured = _measure(sides, arguments.rounds)
    machine |= {
        "rounds": arguments.rounds,
        "clothing_share": {size: round(floor.share, 2) for size, floor in floors.items()},
    }
    _write(machine, measured)


def _measure(
    sides: dict[str, Callable[[Case], Round]], rounds: int
) -> dict[Case, dict[str, Round]]:
    """Let the sides take turns, and give the medians of each."""
    measured = {}
    for case in (Case(*it) for it in product(SIZES, _CATEGORIES, _FORMS)):
        runs: dict[str, list[Round]] = {name: [] for name in sides}
        for number in range(rounds + 1):
            # Neither is always the first one.
            for name in sides if number % 2 else reversed(sides):
                runs[name].append(sides[name](case))
        # The first round loads what is loaded once.
        measured[case] = {name: _medians(found[1:]) for name, found in runs.items()}
        sys.stderr.write(f"{case.name}\n")
    return measured


def _medians(rounds: list[Round]) -> Round:
    stages = [stage for stage in STAGES if any(stage in one for one in rounds)]
    return {
        stage: [
            round(statistics.median(one.get(stage, (0.0, 0.0))[kind] for one in rounds), 2)
            for kind in (0, 1)
        ]
        for stage in stages
    }


def _write(machine: dict[str, Any], measured: dict[Case, dict[str, Round]]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "ledger.json").write_text(_as_json(machine, measured))
    (RESULTS / "ledger.md").write_text(_HEAD + _table(measured))
    bars = [
        Bar(
            f"{case.size}, {case.count} categories: {name}",
            {stage: times[0] for stage, times in spent.items()},
            begins_group=not index,
        )
        for case, sides in measured.items()
        if case.form == _FORMS[0]
        for index, (name, spent) in enumerate(sides.items())
    ]
    title = "CPU of a job's image path, cut-outs"
    (RESULTS / "ledger.svg").write_text(draw_bars(title, list(STAGES), bars))


def _as_json(machine: dict[str, Any], measured: dict[Case, dict[str, Round]]) -> str:
    """Write a case a line: side → stage → milliseconds of CPU, and of wall time."""
    cases = (f"  {json.dumps(case.name)}: {json.dumps(sides)}" for case, sides in measured.items())
    joined = ",\n".join(cases)
    return f'{{\n "machine": {json.dumps(machine)},\n "cases": {{\n{joined}\n }}\n}}\n'


def _table(measured: dict[Case, dict[str, Round]]) -> str:
    """Write CPU milliseconds, a row a case and side; and wall time of all together."""
    lines = [
        f"| case | | {' | '.join(STAGES)} | **CPU** | wall | without network |",
        f"|---|---|{'---|' * (len(STAGES) + 3)}",
    ]
    for case, sides in measured.items():
        for name, spent in sides.items():
            cells = [f"{spent[stage][0]:.1f}" if stage in spent else "" for stage in STAGES]
            cpu, wall = (sum(times[kind] for times in spent.values()) for kind in (0, 1))
            own = cpu - spent["infer"][0]
            lines.append(
                f"| {case.name} | {name} | {' | '.join(cells)} | **{cpu:.0f}** | {wall:.0f} | {own:.0f} |"
            )
    return "\n".join([*lines, ""])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, help="another checkout, to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
