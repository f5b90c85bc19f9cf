"""How the installation was: the samples as lines of a plot, and what was put in service meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from shared.operations.samples import Sample

#: Points of a line, at most.
_POINTS = 240


class Span(StrEnum):
    """How far back a plot goes."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def length(self) -> timedelta:
        """How long that is."""
        return {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}[
            self
        ]


class Point(NamedTuple):
    """A minute, or several together: the most that waited, and how many came and went a minute."""

    at: datetime
    queued: int
    oldest_seconds: int
    arrived: float
    done: float
    failed: float
    #: None: it is not known.
    workers: int | None


class Mark(NamedTuple):
    """Something else began to run: a release, a network, a provider."""

    at: datetime
    what: str


def points_of(samples: Sequence[Sample]) -> list[Point]:
    """Make lines of samples."""
    points = [_point(before, after) for before, after in pairwise(samples)]
    together = -(-len(points) // _POINTS) or 1
    return [_merge(points[at : at + together]) for at in range(0, len(points), together)]


def marks_of(samples: Sequence[Sample]) -> Iterator[Mark]:
    """Tell when workers of another kind came into service, and when there were none any more."""
    known = [sample for sample in samples if sample.fleet is not None]
    for before, after in pairwise(known):
        was, now = before.fleet or {}, after.fleet or {}
        for kind in sorted(now.keys() - was.keys()):
            yield Mark(after.minute, kind)
        if was and not now:
            yield Mark(after.minute, "")


def _point(before: Sample, after: Sample) -> Point:
    minutes = (after.minute - before.minute) / timedelta(minutes=1)
    # Days are counted by themselves: what came between a day's last sample and its end is left out.
    is_same_day = after.minute.date() == before.minute.date()

    def a_minute(name: str) -> float:
        since = getattr(before, name) if is_same_day else 0
        return max(0.0, float(getattr(after, name) - since)) / minutes

    return Point(
        at=after.minute,
        queued=after.queued,
        oldest_seconds=after.oldest_seconds,
        arrived=a_minute("accepted"),
        done=a_minute("done"),
        failed=a_minute("failed"),
        workers=None if after.fleet is None else sum(after.fleet.values()),
    )


def _merge(points: Sequence[Point]) -> Point:
    def mean(name: str) -> float:
        return sum(float(getattr(point, name)) for point in points) / len(points)

    last = points[-1]
    return Point(
        at=last.at,
        queued=max(point.queued for point in points),
        oldest_seconds=max(point.oldest_seconds for point in points),
        arrived=mean("arrived"),
        done=mean("done"),
        failed=mean("failed"),
        workers=last.workers,
    )
