"""Erlang's formula for several servers and one line: A. K. Erlang, 1917, for jobs that come and take time at random.

Real jobs differ less in length than it supposes, so it is on the safe side.
"""

from __future__ import annotations

import math


def chance_of_a_wait(load: float, slots: int) -> float:
    """Tell how likely a job finds all slots busy.

    Args:
        load: Slots that are busy in the mean: arrivals a second times seconds a job.
        slots: How many there are.
    """
    if load >= slots:
        return 1.0
    blocked = 1.0
    for number in range(1, slots + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / slots * (1 - blocked))


def mean_wait(load: float, slots: int, job_seconds: float) -> float:
    """Tell how long a job waits in the mean; infinitely where more comes than can be done."""
    if load >= slots:
        return math.inf
    return chance_of_a_wait(load, slots) * job_seconds / (slots - load)


def chance_of_a_longer_wait(load: float, slots: int, job_seconds: float, seconds: float) -> float:
    """Tell how likely a job waits for longer."""
    if load >= slots:
        return 1.0
    return chance_of_a_wait(load, slots) * math.exp(-(slots - load) / job_seconds * seconds)


def slots_for(load: float, job_seconds: float, seconds: float, share: float = 0.01) -> int:
    """Find the least number of slots with which no more than this share of jobs waits for longer."""
    slots = math.floor(load) + 1
    while chance_of_a_longer_wait(load, slots, job_seconds, seconds) > share:
        slots += 1
    return slots
