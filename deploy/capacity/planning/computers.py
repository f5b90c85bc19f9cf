"""The pods of each process."""

from __future__ import annotations

import math
from dataclasses import dataclass

from deploy.capacity.demand import Demand
from deploy.capacity.planning.seconds import all_seconds, front_end_seconds, worker_seconds
from deploy.capacity.queueing import slots_for
from deploy.capacity.unit_costs import UnitCosts

#: Of each process that is needed all the time: one may be gone.
_LEAST = 2


@dataclass(frozen=True)
class Pods:
    """How many of one process, each with so many cores."""

    count: int
    cores_each: float
    #: Cores that are busy, in the mean of a day and in the busiest hour.
    busy: float
    busiest: float
    #: Cores that are paid for in the mean, where pods come and go with the load.
    paid: float

    @property
    def cores(self) -> float:
        """All of them, in the busiest hour."""
        return self.count * self.cores_each


@dataclass(frozen=True)
class Gpus:
    """The same network on GPUs: how many, and the cores that must feed them."""

    count: int
    feeding_cores: float
    #: GPUs and feeding cores that are paid for in the mean.
    paid: float
    paid_cores: float


@dataclass(frozen=True)
class Computers:
    """All pods of one installation."""

    front_ends: Pods
    workers: Pods
    #: Of a core each.
    sweepers: int
    #: Instead of the workers above.
    gpus: Gpus
    #: Instead of all of them, the servers too; 0: it is too much for one machine.
    one_machine_cores: int


def computers_for(demand: Demand, costs: UnitCosts) -> Computers:
    """Say how many pods one installation needs."""
    return Computers(
        front_ends=_pods(demand, costs, front_end_seconds(demand, costs)),
        workers=_workers(demand, costs),
        sweepers=_sweepers(demand, costs),
        gpus=_gpus(demand, costs),
        one_machine_cores=_one_machine(demand, costs),
    )


def _workers(demand: Demand, costs: UnitCosts) -> Pods:
    """As many as let next to nobody wait for long in the busiest hour, and are not too full then."""
    fleet, seconds = costs.fleet, worker_seconds(demand, costs)
    busiest = demand.busiest * seconds
    slots = max(slots_for(busiest, seconds, fleet.patience_seconds), busiest / fleet.fullest)
    return _cut(slots, demand.per_second * seconds, busiest, costs)


def _pods(demand: Demand, costs: UnitCosts, seconds: float) -> Pods:
    busiest = demand.busiest * seconds
    return _cut(busiest / costs.fleet.fullest, demand.per_second * seconds, busiest, costs)


def _sweepers(demand: Demand, costs: UnitCosts) -> int:
    """What was finished in the busiest hour expires in one, too."""
    return max(_LEAST, math.ceil(demand.busiest / costs.limits.expiries_per_second))


def _cut(cores: float, busy: float, busiest: float, costs: UnitCosts) -> Pods:
    fleet = costs.fleet
    count = max(_LEAST, math.ceil(cores / fleet.pod_cores))
    paid = max(busy / fleet.fullest, _LEAST * fleet.pod_cores)
    return Pods(count, fleet.pod_cores, busy, busiest, min(paid, count * fleet.pod_cores))


def _one_machine(demand: Demand, costs: UnitCosts) -> int:
    busiest = demand.busiest * all_seconds(demand, costs)
    cores = max(_LEAST, math.ceil(busiest / costs.fleet.fullest))
    return cores if cores <= costs.fleet.machine_cores else 0


def _gpus(demand: Demand, costs: UnitCosts) -> Gpus:
    fullest, rate = costs.fleet.fullest, costs.gpu.photos_per_second
    feeding = max(worker_seconds(demand, costs) - costs.cpu.network_per_photo, 0.0)
    count = max(1, math.ceil(demand.busiest / rate / fullest))
    return Gpus(
        count=count,
        feeding_cores=demand.busiest * feeding / fullest,
        paid=min(count, max(1, demand.per_second / rate / fullest)),
        paid_cores=demand.per_second * feeding / fullest,
    )
