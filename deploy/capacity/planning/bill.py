"""What a day costs, in US dollars."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.capacity.planning.computers import Computers
from deploy.capacity.planning.database import DatabaseNeeds
from deploy.capacity.planning.stores import BrokerNeeds, ObjectNeeds
from deploy.capacity.unit_costs import Spot, UnitCosts

_HOURS = 24
_DAYS_A_MONTH = 30.4
_GIGABYTE = 1e9
_MILLION = 1e6
#: A primary, and one that takes over.
_SERVERS = 2


@dataclass(frozen=True)
class Bill:
    """A day of one installation, or of several."""

    workers: float
    front_ends: float
    database: float
    broker: float
    storage: float
    requests: float
    egress: float
    #: The workers with GPUs, instead of those above.
    workers_with_gpus: float
    #: One machine, instead of all pods, the database and the broker; 0: it is too much for one.
    one_machine: float

    @property
    def lines(self) -> dict[str, float]:
        """What is paid for, the dearest first."""
        lines = {
            "workers": self.workers,
            "front ends and sweepers": self.front_ends,
            "database, twice": self.database,
            "broker": self.broker,
            "pictures stored": self.storage,
            "requests to the store": self.requests,
            "egress": self.egress,
        }
        return dict(sorted(lines.items(), key=lambda line: -line[1]))

    @property
    def total(self) -> float:
        """All of it, without GPUs."""
        return sum(self.lines.values())


def worker_core_hour(costs: UnitCosts) -> float:
    """Mix the price of cores that stay with that of cores that may go."""
    spot: Spot = costs.spot
    return (1 - spot.share) * costs.prices.core_hour + spot.share * costs.prices.spot_core_hour


def bill_for(
    computers: Computers,
    database: DatabaseNeeds,
    broker: BrokerNeeds,
    objects: ObjectNeeds,
    costs: UnitCosts,
) -> Bill:
    """Price a day of one installation."""
    prices, gpus = costs.prices, computers.gpus
    steady = computers.front_ends.paid + computers.sweepers
    cores = _SERVERS * database.cores * _HOURS * prices.database_core_hour
    disk = _SERVERS * database.bytes / _GIGABYTE * prices.database_gigabyte_month / _DAYS_A_MONTH
    core_hour = worker_core_hour(costs)
    return Bill(
        workers=computers.workers.paid * _HOURS * core_hour,
        front_ends=steady * _HOURS * prices.core_hour,
        database=cores + disk,
        broker=_SERVERS * max(1, broker.bytes / _GIGABYTE) * _HOURS * prices.broker_gigabyte_hour,
        storage=objects.stored * prices.object_gigabyte_month / _DAYS_A_MONTH,
        requests=(objects.puts * prices.put_million + objects.gets * prices.get_million) / _MILLION,
        egress=objects.bytes_out * prices.egress_gigabyte,
        workers_with_gpus=(gpus.paid * prices.gpu_hour + gpus.paid_cores * core_hour) * _HOURS,
        one_machine=computers.one_machine_cores * _HOURS * prices.core_hour,
    )
