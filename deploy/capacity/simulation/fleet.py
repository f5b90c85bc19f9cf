"""Pods of workers: they start, work, and are taken away."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import simpy

from deploy.capacity.simulation.line import Job, Line
from deploy.capacity.simulation.outcome import Outcome

_HOUR = 3600.0


@dataclass(frozen=True)
class Shape:
    """What a pod is like."""

    slots: int
    #: Until it takes its first job, at least and at most.
    start: tuple[float, float]
    #: The share of pods on machines that may be taken away, the hours until that happens, and how often without a word.
    spot: float = 0.0
    spot_hours: float = 10.0
    unannounced: float = 0.1


@dataclass(eq=False)
class Pod:
    """One of them."""

    asked_at: float
    on_spot: bool
    is_ready: bool = False
    #: It takes no more jobs.
    is_leaving: bool = False
    is_gone: bool = False
    at_work: list[Job] = field(default_factory=list)


class Fleet:
    """All pods, and the jobs in their hands."""

    def __init__(
        self,
        env: simpy.Environment,
        shape: Shape,
        line: Line,
        outcome: Outcome,
        dice: random.Random,
        *,
        on_done: Callable[[Job], None],
        on_cut_off: Callable[[Job], None],
    ) -> None:
        """Begin without any."""
        self._env = env
        self._shape = shape
        self._line = line
        self._outcome = outcome
        self._dice = dice
        self._on_done = on_done
        self._on_cut_off = on_cut_off
        #: Those that there should be: they start or run, and none is leaving.
        self._pods: list[Pod] = []
        self._leaving: list[Pod] = []
        #: A pod stands here once for each slot that is free.
        self._free: list[Pod] = []

    @property
    def asked_for(self) -> int:
        """How many there should be."""
        return len(self._pods)

    @property
    def running(self) -> int:
        """How many take jobs."""
        return sum(pod.is_ready for pod in self._pods)

    @property
    def at_work(self) -> int:
        """Jobs that are worked on."""
        return sum(len(pod.at_work) for pod in (*self._pods, *self._leaving))

    def resize(self, count: int, *, at_once: bool = False) -> None:
        """Start or stop as many as it takes; the youngest go first, as with Kubernetes."""
        while len(self._pods) < count:
            self._start(at_once=at_once)
        while len(self._pods) > count:
            self._retire(self._pods[-1])

    def serve(self) -> None:
        """Give what waits to whoever is free."""
        while self._free:
            job = self._line.take()
            if job is None:
                return
            self._begin(self._free.pop(), job)

    def settle(self) -> None:
        """Count what is paid for until now."""
        for pod in (*self._pods, *self._leaving):
            self._pay(pod)

    def _start(self, *, at_once: bool = False) -> None:
        pod = Pod(self._env.now, on_spot=self._dice.random() < self._shape.spot)
        self._pods.append(pod)
        self._env.process(
            self._live(pod, 0.0 if at_once else self._dice.uniform(*self._shape.start))
        )

    def _live(self, pod: Pod, start_seconds: float) -> Generator[simpy.Event, Any, None]:
        yield self._env.timeout(start_seconds)
        if pod.is_leaving:
            return
        pod.is_ready = True
        self._free.extend([pod] * self._shape.slots)
        self.serve()
        if pod.on_spot:
            yield self._env.timeout(self._dice.expovariate(1 / (self._shape.spot_hours * _HOUR)))
            self._lose(pod)

    def _lose(self, pod: Pod) -> None:
        """A machine is taken away; another one is started for it."""
        if pod.is_leaving:
            return
        if self._dice.random() < self._shape.unannounced:
            self._cut_off(pod)
        else:
            self._retire(pod)
        self._start()

    def _cut_off(self, pod: Pod) -> None:
        pod.is_leaving = True
        self._pods.remove(pod)
        self._forget_slots(pod)
        jobs, pod.at_work = pod.at_work, []
        self._go(pod)
        for job in jobs:
            self._on_cut_off(job)

    def _retire(self, pod: Pod) -> None:
        """Let a pod finish what it works on."""
        pod.is_leaving = True
        self._pods.remove(pod)
        self._forget_slots(pod)
        if pod.at_work:
            self._leaving.append(pod)
        else:
            self._go(pod)

    def _forget_slots(self, pod: Pod) -> None:
        self._free = [other for other in self._free if other is not pod]

    def _go(self, pod: Pod) -> None:
        pod.is_gone = True
        self._pay(pod)

    def _pay(self, pod: Pod) -> None:
        self._outcome.core_seconds += (self._env.now - pod.asked_at) * self._shape.slots
        pod.asked_at = self._env.now

    def _begin(self, pod: Pod, job: Job) -> None:
        job.attempts += 1
        job.started = self._env.now
        pod.at_work.append(job)
        end = self._env.timeout(job.seconds)
        assert end.callbacks is not None
        end.callbacks.append(partial(self._end, pod, job))

    def _end(self, pod: Pod, job: Job, _event: simpy.Event) -> None:
        if pod.is_gone:
            return
        pod.at_work.remove(job)
        self._outcome.busy_seconds += job.seconds
        self._on_done(job)
        if not pod.is_leaving:
            following = self._line.take()
            if following is None:
                self._free.append(pod)
            else:
                self._begin(pod, following)
        elif not pod.at_work:
            self._leaving.remove(pod)
            self._go(pod)
