"""One simulated day, from its scenario to its outcome."""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

from deploy.capacity.demand import DAY
from deploy.capacity.simulation.autoscaler import Autoscaler
from deploy.capacity.simulation.fleet import Fleet, Shape
from deploy.capacity.simulation.line import Job, Line
from deploy.capacity.simulation.load import Load
from deploy.capacity.simulation.outcome import Outcome, Sample
from deploy.capacity.simulation.policy import Policy, State, Targets
from shared.settings.settings import Settings

_LEASE = float(Settings.model_fields["lease"].default)
_SWEEP = float(Settings.model_fields["sweep_interval"].default)
_MOST_ATTEMPTS = int(Settings.model_fields["max_attempts"].default)
#: A lease was extended this share of its time ago, at most.
_BEAT = 1 / 3


@dataclass(frozen=True)
class Scenario:
    """All that decides a trial."""

    load: Load
    targets: Targets
    shape: Shape
    #: That a core is busy with a photo, in the mean.
    job_seconds: float
    #: Its standard deviation against that mean; 1: exponential, 0: all the same.
    spread: float = 0.5
    #: Between two looks of the autoscaler.
    look_seconds: float = 15.0
    #: Pods a look, or as many as there are.
    most_new: int = 4
    down_window: float = 300.0
    down_share: float = 0.1
    seconds: float = DAY
    seed: int = 1


def run(scenario: Scenario) -> Outcome:
    """Let it happen; the same scenario has the same outcome each time."""
    trial = _Trial(scenario)
    trial.go()
    return trial.outcome


class _Trial:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._env = simpy.Environment()
        # Each has dice of its own: what one policy rolls more often changes nothing of what comes.
        arrivals, sizes, fleet, leases = (
            random.Random(f"{scenario.seed}:{use}")  # noqa: S311 (no secret)
            for use in range(4)
        )
        self._arrivals = scenario.load.arrivals(scenario.seconds, arrivals)
        self._sizes, self._leases = sizes, leases
        self._line = Line()
        self.outcome = Outcome()
        self._fleet = Fleet(
            self._env,
            scenario.shape,
            self._line,
            self.outcome,
            fleet,
            on_done=self._done,
            on_cut_off=self._cut_off,
        )
        self._there = 0
        #: Cut off, until their leases have run out.
        self._in_rescue = 0
        self._changed_at = 0.0

    def go(self) -> None:
        self._fleet.resize(self._scenario.targets.fewest, at_once=True)
        self._env.process(self._come())
        self._env.process(self._scale())
        self._env.run(until=self._scenario.seconds)
        self._note_presence(0)
        self._fleet.settle()
        self.outcome.left = len(self._line) + self._fleet.at_work + self._in_rescue

    def _come(self) -> Generator[simpy.Event, Any, None]:
        for at in self._arrivals:
            yield self._env.timeout(at - self._env.now)
            self.outcome.came += 1
            self._note_presence(+1)
            self._line.add(Job(self._env.now, self._draw_seconds()))
            self._fleet.serve()

    def _scale(self) -> Generator[simpy.Event, Any, None]:
        scenario, came = self._scenario, 0
        autoscaler = Autoscaler(
            scenario.targets, scenario.most_new, scenario.down_window, scenario.down_share
        )
        while True:
            yield self._env.timeout(scenario.look_seconds)
            now, fleet = self._env.now, self._fleet
            age = self._line.oldest_age(now)
            new = self.outcome.came - came
            came = self.outcome.came
            self.outcome.samples.append(Sample(now, len(self._line), age, fleet.running, new))
            state = State(len(self._line), fleet.at_work, age, fleet.running, fleet.asked_for)
            if scenario.targets.policy is not Policy.FIXED:
                fleet.resize(autoscaler.look(now, state))

    def _done(self, job: Job) -> None:
        outcome, now = self.outcome, self._env.now
        outcome.done += 1
        outcome.waits.append(job.started - job.arrived)
        outcome.stays += now - job.arrived
        self._note_presence(-1)

    def _cut_off(self, job: Job) -> None:
        self.outcome.cut_off += 1
        self._in_rescue += 1
        self._env.process(self._rescue(job))

    def _rescue(self, job: Job) -> Generator[simpy.Event, Any, None]:
        """Its lease runs out, and the next sweep lets it wait again, or fail."""
        yield self._env.timeout(
            self._leases.uniform((1 - _BEAT) * _LEASE, _LEASE) + self._leases.uniform(0, _SWEEP)
        )
        self._in_rescue -= 1
        if job.attempts < _MOST_ATTEMPTS:
            self._line.add(job)
            self._fleet.serve()
        else:
            self.outcome.failed += 1
            self._note_presence(-1)

    def _note_presence(self, change: int) -> None:
        now = self._env.now
        self.outcome.presence += self._there * (now - self._changed_at)
        self._changed_at = now
        self._there += change

    def _draw_seconds(self) -> float:
        mean, spread = self._scenario.job_seconds, self._scenario.spread
        if not spread:
            return mean
        shape = 1 / spread**2
        return self._sizes.gammavariate(shape, mean / shape)
