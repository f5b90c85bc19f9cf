"""How many pods are wanted: what KEDA would ask of the job table, and what Kubernetes makes of the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Policy(StrEnum):
    """What decides how many there are."""

    FIXED = "fixed"
    LENGTH = "length"
    WORK = "length and work"
    AGE = "age"
    #: What the chart does.
    WORK_AND_AGE = "work and age"


@dataclass(frozen=True)
class State:
    """What a look at the job table tells."""

    waiting: int
    at_work: int
    oldest_age: float
    #: That run.
    pods: int
    #: That there should be by the last look, those that still start among them.
    asked_for: int


@dataclass(frozen=True)
class Targets:
    """What is aimed at."""

    policy: Policy
    #: Always there; all there are where nothing decides.
    fewest: int
    #: Jobs for which there is a pod (KEDA's `AverageValue`).
    jobs_per_pod: float
    #: That the oldest waiting job may have reached (KEDA's `Value`).
    oldest_age: float
    #: How far off nothing is changed.
    tolerance: float = 0.1
    #: There are never more.
    most: int = 1000

    def wanted(self, state: State) -> int:
        """Say how many pods there should be."""
        counted = {
            Policy.LENGTH: state.waiting,
            Policy.WORK: state.waiting + state.at_work,
            Policy.WORK_AND_AGE: state.waiting + state.at_work,
        }
        wanted = self.fewest
        if self.policy in counted:
            wanted = max(wanted, self._by_count(counted[self.policy], state))
        if self.policy in {Policy.AGE, Policy.WORK_AND_AGE}:
            wanted = max(wanted, self._by_age(state))
        return min(wanted, self.most)

    def _by_count(self, jobs: int, state: State) -> int:
        pods = jobs / self.jobs_per_pod
        return state.asked_for if self._is_near(pods / state.asked_for) else math.ceil(pods)

    def _by_age(self, state: State) -> int:
        ratio = state.oldest_age / self.oldest_age
        return state.asked_for if self._is_near(ratio) else math.ceil(ratio * state.pods)

    def _is_near(self, ratio: float) -> bool:
        return abs(ratio - 1) <= self.tolerance
