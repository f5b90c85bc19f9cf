"""The parts of docs/guides/scaling.md that plan and simulation say themselves: an example, tables, inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from deploy.capacity.demand import Demand
from deploy.capacity.planning.plan import Plan, plan_for
from deploy.capacity.sheet import as_table, as_text, bills_as_table, walls_as_table
from deploy.capacity.simulation.record import read_study
from deploy.capacity.study_page import plans_table, spot_table, trade_table
from deploy.capacity.unit_costs import Number, bundled, numbers

_INPUTS = "## Inputs\n"
_EXAMPLE = "```text\n"
_SCALES = (1e4, 1e6, 1e8)
_TABLE = r"(?<=\n\n)\|(?:.*\n\|)*.*\n"


def scaling_page(page: str) -> str:
    """Replace the example, the tables in their order, and all inputs."""
    plans = [_planned(photos) for photos in _SCALES]
    study = read_study()
    tables = iter(
        (
            as_table(plans),
            bills_as_table(plans),
            walls_as_table(plans[1]),
            plans_table(study),
            trade_table(study),
            spot_table(study),
        )
    )
    head, found, _ = page.partition(_INPUTS)
    assert found, "docs/guides/scaling.md has no inputs any more"
    head = re.sub(_TABLE, lambda _: next(tables), head)
    assert not list(tables), "docs/guides/scaling.md has lost a table"
    before, _, rest = head.partition(_EXAMPLE)
    example = f"{_EXAMPLE}{as_text(plans[1])}```"
    return before + example + rest.partition("\n```")[2] + _INPUTS + "".join(_inputs())


def _planned(photos: float) -> Plan:
    costs = bundled()
    return plan_for(Demand.of(photos, costs), costs)


def _inputs() -> Iterator[str]:
    """List all unit costs by where they come from: what was measured first, then what is assumed."""
    kinds = ("measured", "counted", "assumed")
    ordered = sorted(numbers(), key=lambda it: (kinds.index(it.source.kind), it.source.text))
    for source, of_it in groupby(ordered, key=lambda it: it.source):
        yield f"\n**{source.kind.capitalize()}**, {source.date}: {source.text}.\n\n| | |\n|---|---|\n"
        yield from map(_input, of_it)


def _input(number: Number) -> str:
    unit = f" {number.unit}" if number.unit else ""
    return f"| `{number.group}.{number.name}`: {number.what} | {number.value:.6g}{unit} |\n"
