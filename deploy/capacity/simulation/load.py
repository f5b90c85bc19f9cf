"""When photos come: a day's curve, and bursts on top of it."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from deploy.capacity.demand import DAY

_MINUTE = 60.0
_TERMS, _HALVINGS = 60, 60
_MOST_CONCENTRATED = 500.0
#: The busiest moment: 15:00.
_BUSIEST_AT = 15 / 24 * DAY


@dataclass(frozen=True)
class Burst:
    """Photos that come evenly within a short time, as an import does."""

    at: float
    photos: int
    seconds: float


@dataclass(frozen=True)
class Load:
    """What comes."""

    photos_per_day: float
    #: The busiest moment against the mean; 1: the same all day.
    peak: float = 1.0
    bursts: tuple[Burst, ...] = ()

    def rate(self, at: float) -> float:
        """Tell how many photos a second come, bursts aside; von Mises' curve, a normal one on a circle."""
        angle = 2 * math.pi * (at - _BUSIEST_AT) / DAY
        # At its top the curve is `peak` times its mean.
        fall = math.exp(self._concentration * (math.cos(angle) - 1))
        return self.photos_per_day / DAY * self.peak * fall

    def arrivals(self, until: float, dice: random.Random) -> Iterator[float]:
        """List the times at which photos come, in order."""
        return _merged([self._on_the_curve(until, dice), *(_of(it, dice) for it in self.bursts)])

    def _on_the_curve(self, until: float, dice: random.Random) -> Iterator[float]:
        """Draw minute by minute, each with the rate of its middle."""
        if not self.photos_per_day:
            return
        start = 0.0
        while start < until:
            rate, end = self.rate(start + _MINUTE / 2), min(start + _MINUTE, until)
            at = start + dice.expovariate(rate)
            while at < end:
                yield at
                at += dice.expovariate(rate)
            start = end

    @cached_property
    def _concentration(self) -> float:
        """Find the curve of this peak."""
        low, high = 0.0, _MOST_CONCENTRATED
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            too_flat = math.exp(middle) / _bessel(middle) < self.peak
            low, high = (middle, high) if too_flat else (low, middle)
        return low


def _bessel(argument: float) -> float:
    """I₀, the mean of exp(argument · cos) over a circle, by that very mean."""
    if argument <= 0:
        return 1.0
    angles = (2 * math.pi * number / _TERMS for number in range(_TERMS))
    return sum(math.exp(argument * math.cos(angle)) for angle in angles) / _TERMS


def _of(burst: Burst, dice: random.Random) -> Iterator[float]:
    return iter(sorted(burst.at + dice.random() * burst.seconds for _ in range(burst.photos)))


def _merged(streams: Sequence[Iterator[float]]) -> Iterator[float]:
    return streams[0] if len(streams) == 1 else heapq.merge(*streams)
