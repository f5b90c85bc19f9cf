"""The plan: what photos a day need, in as many whole installations as it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from deploy.capacity.demand import Demand
from deploy.capacity.planning.bill import Bill, bill_for
from deploy.capacity.planning.computers import Computers, computers_for
from deploy.capacity.planning.database import DatabaseNeeds, database_for
from deploy.capacity.planning.stores import BrokerNeeds, ObjectNeeds, broker_for, objects_for
from deploy.capacity.planning.walls import (
    Wall,
    largest_installation,
    partitions_from,
    walls_of,
)
from deploy.capacity.unit_costs import UnitCosts


@dataclass(frozen=True)
class Plan:
    """What is needed; sizes are those of one installation, of which there are `installations`."""

    demand: Demand
    installations: int
    computers: Computers
    database: DatabaseNeeds
    broker: BrokerNeeds
    objects: ObjectNeeds
    #: Of one installation.
    bill: Bill
    walls: tuple[Wall, ...]
    #: Photos a day of one installation from which on its job table should be cut by day.
    partitions_from: float

    @property
    def dollars_a_day(self) -> float:
        """All installations."""
        return self.installations * self.bill.total

    @property
    def dollars_a_thousand(self) -> float:
        """A thousand photos."""
        return self.dollars_a_day / self.demand.photos_per_day * 1000


def plan_for(demand: Demand, costs: UnitCosts) -> Plan:
    """Plan for a demand."""
    largest = largest_installation(demand, costs)
    installations = math.ceil(demand.photos_per_day / largest)
    part = demand.divided(installations)
    computers = computers_for(part, costs)
    database = database_for(part, costs, computers)
    broker, objects = broker_for(part, costs), objects_for(part, costs)
    return Plan(
        demand=demand,
        installations=installations,
        computers=computers,
        database=database,
        broker=broker,
        objects=objects,
        bill=bill_for(computers, database, broker, objects, costs),
        walls=tuple(walls_of(demand, costs)),
        partitions_from=partitions_from(costs),
    )
