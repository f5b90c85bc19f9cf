"""The hand that hurts: kills, ends and pauses one target after the other, and puts each right again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import redis

from tests.background import Background
from tests.fault.fleet import Fleet
from tests.fault.hanging_up import hang_up
from tests.fault.target import Target

_GAP_SECONDS = (0.5, 4)
_DOWN_SECONDS = (0.1, 4)
#: Past the lease, short of the run timeout.
_PAUSE_SECONDS = (0.5, 6)
#: Target kind → acts. An act that stands twice is twice as likely.
ACTS: Mapping[str, tuple[str, ...]] = {
    "worker": ("kill", "kill", "terminate", "terminate twice", "pause"),
    "front end": ("kill", "terminate", "pause"),
    "sweeper": ("kill", "terminate", "pause"),
    "valkey": ("kill", "terminate", "pause", "flush", "disconnect"),
    "postgres": ("kill", "terminate", "pause"),
    "sqlite": ("pause",),
    "seaweedfs": ("kill", "terminate", "pause"),
}
WEIGHTS: Mapping[str, int] = {
    "worker": 6,
    "front end": 2,
    "sweeper": 1,
    "valkey": 4,
    "postgres": 4,
    "sqlite": 4,
    "seaweedfs": 4,
}


@dataclass(frozen=True)
class Fault:
    """What was done to whom, and from when to when, in seconds since the epoch."""

    target: str
    act: str
    began: float
    ended: float


class Hand(Background):
    """A seeded plan, at whose end nobody is hurt any more; two hands never hurt the same target at once."""

    def __init__(self, seed: str, fleet: Fleet, on_fault: Callable[[Fault], None]) -> None:
        """Prepare; nothing is hurt yet."""
        super().__init__(seed)
        self._chance = random.Random(seed)
        self._fleet = fleet
        self._on_fault = on_fault
        self.failure: BaseException | None = None

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._chance.uniform(*_GAP_SECONDS)):
                self._hurt_somebody()
        except BaseException as error:
            self.failure = error
            raise

    def _hurt_somebody(self) -> None:
        targets = self._fleet.targets
        weights = [WEIGHTS[target.kind] for target in targets]
        target = self._chance.choices(targets, weights)[0]
        act = self._chance.choice(ACTS[target.kind])
        down, paused = self._chance.uniform(*_DOWN_SECONDS), self._chance.uniform(*_PAUSE_SECONDS)
        if not target.busy.acquire(blocking=False):
            return
        try:
            began = time.time()
            seconds = paused if act == "pause" else down
            hurt(self._fleet, target, act, seconds, self._stopping.wait)
            self._on_fault(Fault(target.name, act, began, time.time()))
        finally:
            target.busy.release()


def hurt(
    fleet: Fleet,
    target: Target,
    act: str,
    seconds: float,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Do something to a target, and put it right again after a while."""
    if act == "flush":
        _broker(fleet, redis.Redis.flushall)
    elif act == "disconnect":
        _broker(fleet, hang_up)
    elif act == "pause":
        target.pause()
        wait(seconds)
        target.resume()
    else:
        {
            "kill": target.kill,
            "terminate": target.terminate,
            "terminate twice": target.terminate_twice,
        }[act]()
        wait(seconds)
        target.start()


def _broker(fleet: Fleet, act: Callable[[redis.Redis], object]) -> None:
    with redis.Redis.from_url(fleet.settings.redis_url.get_secret_value()) as client:
        act(client)
