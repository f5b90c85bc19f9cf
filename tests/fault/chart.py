"""`python -m tests.fault.chart ledger.json > soak.svg`: a run as a picture.

Above, every accepted job as a dot: when it was accepted, and how long it took to end. Below, every fault as a bar in
the lane of what it hurt.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 960, 520
LEFT, RIGHT, TOP = 92, 24, 64
PLOT_HEIGHT = 230
LANES_TOP = TOP + PLOT_HEIGHT + 52
LANE_HEIGHT = 22
INK, FAINT, PAPER = "#24292f", "#d8dee4", "#ffffff"
DONE, REFUSED = "#2da44e", "#8250df"
ACTS = {"kill": "#cf222e", "pause": "#0969da", "other": "#d4a72c"}
LANES = ("worker", "front end", "sweeper", "valkey", "postgres", "sqlite", "seaweedfs")
SECONDS = (0.1, 1, 10, 100)


def chart(run: dict[str, Any]) -> str:
    """Draw a run, as `Report.write` wrote it."""
    end = max([run["storm_seconds"], *(fault["ended"] for fault in run["faults"])])
    lanes = [lane for lane in LANES if any(_lane(fault) == lane for fault in run["faults"])]
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
                f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">'
            ),
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{PAPER}"/>',
            *_head(run),
            *_grid(end),
            *_jobs(run["jobs"], end),
            *_lanes(run["faults"], lanes, end),
            "</svg>",
        ]
    )


def _head(run: dict[str, Any]) -> Iterator[str]:
    figures = run["figures"]
    title = (
        f"{figures['accepted']} jobs, {figures['faults']} faults, {figures['kills']} kills: "
        f"{figures['lost']} lost, {figures['doubled']} doubled"
    )
    yield f'<text x="{LEFT}" y="30" font-size="17" font-weight="600">{title}</text>'
    keys = (
        (DONE, "succeeded"),
        (REFUSED, "failed with its right error"),
        (ACTS["kill"], "kill -9"),
        (ACTS["pause"], "pause"),
        (ACTS["other"], "end, flush, disconnect"),
    )
    at = float(LEFT)
    for colour, words in keys:
        yield f'<circle cx="{at + 4}" cy="47" r="4" fill="{colour}"/>'
        yield f'<text x="{at + 13}" y="51">{words}</text>'
        at += 34 + 6.2 * len(words)


def _grid(end: float) -> Iterator[str]:
    for seconds in SECONDS:
        y = _y(seconds)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{FAINT}"/>'
        yield f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{seconds:g} s</text>'
    step = next(step for step in (10, 60, 300, 600, 1800, 3600) if end / step <= 12)
    bottom = TOP + PLOT_HEIGHT
    for number in range(int(end // step) + 1):
        x = _x(number * step, end)
        words = f"{number * step // 60} min" if step >= 60 else f"{number * step} s"
        yield f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="{FAINT}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{words}</text>'


def _jobs(jobs: Sequence[Sequence[Any]], end: float) -> Iterator[str]:
    """One path a colour: a line of no length with a round cap is a dot."""
    for colour, is_done in ((DONE, True), (REFUSED, False)):
        dots = "".join(
            f"M{_x(start, end):.0f} {_y(finish - start):.0f}h0"
            for start, finish, status in jobs
            if (status == "succeeded") is is_done
        )
        yield (
            f'<path d="{dots}" stroke="{colour}" stroke-width="3" stroke-linecap="round" '
            'stroke-opacity="0.55" fill="none"/>'
        )


def _lanes(faults: Iterable[dict[str, Any]], lanes: Sequence[str], end: float) -> Iterator[str]:
    faults = list(faults)
    for number, lane in enumerate(lanes):
        top = LANES_TOP + number * LANE_HEIGHT
        middle = top + LANE_HEIGHT / 2
        yield f'<text x="{LEFT - 10}" y="{middle + 4:.1f}" text-anchor="end">{lane}</text>'
        yield f'<path d="M{LEFT} {middle}H{WIDTH - RIGHT}" stroke="{FAINT}"/>'
        for fault in faults:
            if _lane(fault) == lane:
                x = _x(fault["began"], end)
                width = max(1.2, _x(fault["ended"], end) - x)
                colour = ACTS.get(fault["act"], ACTS["other"])
                yield (
                    f'<rect x="{x:.1f}" y="{top + 4}" width="{width:.1f}" '
                    f'height="{LANE_HEIGHT - 8}" fill="{colour}"/>'
                )


def _lane(fault: dict[str, Any]) -> str:
    return str(fault["target"]).rstrip(" 12")


def _x(seconds: float, end: float) -> float:
    return LEFT + seconds / end * (WIDTH - LEFT - RIGHT)


def _y(seconds: float) -> float:
    low, high = math.log10(SECONDS[0]), math.log10(SECONDS[-1])
    share = (math.log10(min(max(seconds, SECONDS[0]), SECONDS[-1])) - low) / (high - low)
    return TOP + PLOT_HEIGHT * (1 - share)


if __name__ == "__main__":
    sys.stdout.write(chart(json.loads(Path(sys.argv[1]).read_text())))
