"""Charts as SVG: axes, lines, dots and words, in the style of the project's other pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 960
#: Where charts, titles and keys begin.
LEFT = 92
INK, FAINT, PAPER = "#24292f", "#d8dee4", "#ffffff"
#: Told apart by people who see no red, or no green, too (Okabe and Ito).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b")

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """From the first to the last of its marks."""

    marks: Sequence[float]
    label: Callable[[float], str]
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Tell where a value lies: 0 at the first mark, 1 at the last; nothing lies outside."""
        low, high = self.marks[0], self.marks[-1]
        value = min(max(value, low), high)
        if self.logarithmic:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)


@dataclass(frozen=True)
class Panel:
    """A chart's place on the paper."""

    x: Axis
    y: Axis
    left: float
    top: float
    width: float
    height: float

    def at(self, point: Point) -> Point:
        """Place a point."""
        across, up = self.x.share(point[0]), self.y.share(point[1])
        return self.left + across * self.width, self.top + (1 - up) * self.height

    def grid(self, *, names_x: bool = True) -> Iterator[str]:
        """Draw the lines of all marks, and their labels."""
        right, bottom = self.left + self.width, self.top + self.height
        for mark in self.y.marks:
            y = self.at((self.x.marks[0], mark))[1]
            yield f'<path d="M{self.left:g} {y:.1f}H{right:g}" stroke="{FAINT}"/>'
            yield words(self.left - 10, y + 4, self.y.label(mark), anchor="end")
        for mark in self.x.marks:
            x = self.at((mark, self.y.marks[0]))[0]
            yield f'<path d="M{x:.1f} {self.top:g}V{bottom:g}" stroke="{FAINT}"/>'
            if names_x:
                yield words(x, bottom + 18, self.x.label(mark), anchor="middle")

    def line(self, points: Sequence[Point], colour: str) -> str:
        """Join points."""
        placed = (self.at(point) for point in points)
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in placed)
        return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>'

    def dot(self, point: Point, colour: str, *, ring: bool = False) -> str:
        """Draw a point, ringed if it is the one that counts."""
        x, y = self.at(point)
        around = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9" fill="none" stroke="{INK}"/>'
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' + around * ring


def words(
    x: float, y: float, text: str, *, anchor: str = "start", style: str = "", colour: str = ""
) -> str:
    """Write."""
    fill = f' fill="{colour}"' if colour else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{fill}{style}>{escape(text)}</text>'
    )


def title(text: str, below: str = "") -> Iterator[str]:
    """Write what it shows."""
    yield words(LEFT, 30, text, style=' font-size="17" font-weight="600"')
    if below:
        yield words(LEFT, 50, below)


def key(names: Sequence[tuple[str, str]], y: float) -> Iterator[str]:
    """Explain colours, in a row."""
    at = float(LEFT)
    for name, colour in names:
        yield f'<circle cx="{at + 4:.1f}" cy="{y - 4:g}" r="4" fill="{colour}"/>'
        yield words(at + 13, y, name)
        at += 34 + 6.4 * len(name)


def picture(height: float, parts: Sequence[str]) -> str:
    """Put it on paper."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">'
    )
    paper = f'<rect width="{WIDTH}" height="{height:g}" rx="8" fill="{PAPER}"/>'
    return "\n".join((head, paper, *parts, "</svg>")) + "\n"
