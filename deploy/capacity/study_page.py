"""What docs/guides/scaling.md shows of the study: two pictures and three tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from deploy.capacity.figures import count, dollars, duration, share
from deploy.capacity.picture import COLOURS, LEFT, WIDTH, Axis, Panel, key, picture, title, words
from deploy.capacity.simulation.policy import Policy
from deploy.capacity.simulation.record import Study

_RIGHT = 24
_ACROSS = WIDTH - LEFT - _RIGHT
_LEAST_WAIT = 0.1
_MOST_MARKS = 4
_SETTING = {Policy.FIXED: "pods", Policy.AGE: "s"}


def trade_picture(study: Study) -> str:
    """Draw what a policy costs against how long photos wait with it."""
    rows, inputs = study["trade"], study["inputs"]
    panel = Panel(
        x=Axis((2, 5, 10, 20, 50), "${:g}".format, logarithmic=True),
        y=Axis((_LEAST_WAIT, 1, 10, 100, 1000), "{:,g} s".format, logarithmic=True),
        left=LEFT,
        top=84,
        width=_ACROSS,
        height=360,
    )
    names = list(dict.fromkeys(row["policy"] for row in rows))
    colours = dict(zip(names, COLOURS, strict=True))
    parts = [
        *title(
            "Queue age against spend",
            f"A day of {inputs['photos']:,.0f} photos, and four imports of {inputs['import']:,} each",
        ),
        *key([(name, colours[name]) for name in names], 72),
        *panel.grid(),
        words(LEFT + _ACROSS, 480, "workers, dollars a day", anchor="end"),
        words(LEFT + 8, 100, "one photo in a hundred waits longer"),
    ]
    for name in names:
        parts += _policy(
            panel, name, [row for row in rows if row["policy"] == name], colours[name], study
        )
    return picture(496, parts)


def _policy(
    panel: Panel, name: str, rows: Sequence[Mapping[str, Any]], colour: str, study: Study
) -> Iterator[str]:
    points = [(row["dollars"], row["p99"]) for row in rows]
    yield panel.line(points, colour)
    for row, point in zip(rows, points, strict=True):
        chosen = name == Policy.WORK_AND_AGE and row["setting"] == study["inputs"]["jobs_per_pod"]
        yield panel.dot(point, colour, ring=chosen)
        if name == Policy.FIXED or row is rows[-1]:
            x, y = panel.at(point)
            yield words(x + 7, y - 7, f"{row['setting']:g}", colour=colour)


def burst_picture(study: Study) -> str:
    """Draw an import and what the autoscaler makes of it."""
    rows, inputs = study["burst"], study["inputs"]
    minutes = Axis(list(range(-10, 71, 10)), lambda mark: f"{mark:g} min")
    panels = (
        ("photos that come, a second", [row[1] / 15 for row in rows], COLOURS[0]),
        ("age of the oldest that waits, s", [row[3] for row in rows], COLOURS[1]),
        ("pods that work", [row[4] for row in rows], COLOURS[2]),
    )
    parts = list(
        title(
            f"An import of {inputs['import']:,} photos in a minute",
            f"Work and age; {inputs['pod_cores']:g} cores a pod",
        )
    )
    for number, (name, values, colour) in enumerate(panels):
        panel = Panel(minutes, _axis_to(max(values)), LEFT, 84 + number * 150, _ACROSS, 104)
        parts += panel.grid(names_x=number == len(panels) - 1)
        parts.append(
            panel.line([(row[0], it) for row, it in zip(rows, values, strict=True)], colour)
        )
        parts.append(words(LEFT, panel.top - 8, name, colour=colour))
    return picture(520, parts)


def _axis_to(most: float) -> Axis:
    steps = (size * 10**power for power in range(-1, 5) for size in (1, 2, 5))
    step = next(step for step in steps if most / step <= _MOST_MARKS)
    top = -int(-most // step) or 1
    return Axis([step * number for number in range(top + 1)], count)


def plans_table(study: Study) -> str:
    """Tell what became of the plans' busiest hours."""
    heads = ("photos a day", "pods of one installation", "busy", "99 of 100 wait no longer than")
    return _table(
        (*heads, "wait for over 2 s"),
        (
            (
                f"{row['photos']:,.0f}",
                row["pods"],
                share(row["busy"]),
                duration(row["p99"]),
                share(row["late"]),
            )
            for row in study["plans"]
        ),
    )


def trade_table(study: Study) -> str:
    """Tell what each policy came to."""
    waits = ("p50", "p95", "p99", "oldest")
    return _table(
        ("policy", "with", "dollars a day", "busy", "most pods", *waits),
        (
            (
                row["policy"],
                f"{row['setting']:g} {_SETTING.get(Policy(row['policy']), 'jobs a pod')}",
                dollars(row["dollars"]),
                share(row["busy"]),
                row["pods"],
                *(duration(row[name]) for name in waits),
            )
            for row in study["trade"]
        ),
    )


def spot_table(study: Study) -> str:
    """Tell what machines that are taken away cost, and save."""
    heads = ("cores that may go", "each after", "dollars a day", "p99", "oldest")
    return _table(
        (*heads, "attempts cut off", "failed"),
        (
            (
                share(row["share"]),
                duration(row["hours"] * 3600),
                dollars(row["dollars"]),
                duration(row["p99"]),
                duration(row["oldest"]),
                row["cut_off"],
                row["failed"],
            )
            for row in study["spot"]
        ),
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = (heads, ["---"] * len(heads), *rows)
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)
