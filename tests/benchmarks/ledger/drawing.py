"""Stacked bars as SVG, without a library: a bar is a row, a stage a colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_COLOURS = (
    "#4c78a8",
    "#9ecae9",
    "#88d27a",
    "#bab0ac",
    "#b79a20",
    "#f58518",
    "#ffbf79",
    "#e45756",
    "#b279a2",
    "#54a24b",
    "#d6a5c9",
    "#79706e",
    "#17becf",
    "#2f4b7c",
    "#a05195",
    "#d45087",
    "#ff7c43",
    "#665191",
    "#7f7f2a",
    "#1f9d7a",
    "#c49c94",
    "#8c6d31",
    "#393b79",
    "#637939",
    "#e7969c",
    "#a55194",
)
_LEFT, _WIDTH, _RIGHT, _BAR, _GAP = 170, 640, 60, 14, 4
#: Of the legend: stages in a row, and how high that is.
_COLUMNS, _LINE, _TOP = 7, 18, 34
_STEPS = (5, 10, 25, 50, 100, 250)
_MOST_STEPS = 12


@dataclass(frozen=True)
class Bar:
    """A row: what each stage adds to it, in milliseconds."""

    label: str
    parts: Mapping[str, float]
    #: Whether a gap comes before it.
    begins_group: bool = False

    @property
    def length(self) -> float:
        """Of all parts together."""
        return sum(self.parts.values())


def draw_bars(title: str, stages: Sequence[str], bars: Sequence[Bar]) -> str:
    """Draw bars under a legend, from 0 to the longest one."""
    longest = max(bar.length for bar in bars)
    scale = _WIDTH / longest
    shapes = _legend(title, stages)
    y = _TOP + _LINE * -(-len(stages) // _COLUMNS)
    for bar in bars:
        y += 2 * _GAP if bar.begins_group else 0
        shapes += _row(bar, stages, scale, y)
        y += _BAR + _GAP
    shapes += _axis(longest, scale, y)
    width = _LEFT + _WIDTH + _RIGHT
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 26}" '
        f'viewBox="0 0 {width} {y + 26}" font-family="sans-serif" font-size="11">'
        '<rect width="100%" height="100%" fill="white"/>'
    )
    return "\n".join([head, *shapes, "</svg>", ""])


def _row(bar: Bar, stages: Sequence[str], scale: float, y: float) -> list[str]:
    shapes = [_text(_LEFT - 6, y + 11, bar.label, "end")]
    x = float(_LEFT)
    for stage, colour in zip(stages, _COLOURS, strict=False):
        length = bar.parts.get(stage, 0.0) * scale
        shapes.append(
            f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{_BAR}" fill="{colour}"/>'
        )
        x += length
    return [*shapes, _text(x + 4, y + 11, f"{bar.length:.0f}")]


def _legend(title: str, stages: Sequence[str]) -> list[str]:
    shapes = [f'<text x="10" y="18" font-size="14">{escape(title)}</text>']
    for index, (stage, colour) in enumerate(zip(stages, _COLOURS, strict=False)):
        x, y = 10 + index % _COLUMNS * 122, _TOP - 4 + index // _COLUMNS * _LINE
        shapes.append(f'<rect x="{x}" y="{y}" width="10" height="10" fill="{colour}"/>')
        shapes.append(_text(x + 14, y + 9, stage))
    return shapes


def _axis(longest: float, scale: float, y: float) -> list[str]:
    step = next((step for step in _STEPS if longest / step <= _MOST_STEPS), _STEPS[-1])
    marks = [step * count for count in range(int(longest // step) + 1)]
    return [_text(_LEFT + mark * scale, y + 14, f"{mark} ms", "middle") for mark in marks]


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
