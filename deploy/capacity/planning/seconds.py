"""How long cores are busy with one photo, by process."""

from __future__ import annotations

from deploy.capacity.demand import Demand
from deploy.capacity.unit_costs import UnitCosts


def worker_seconds(demand: Demand, costs: UnitCosts) -> float:
    """Tell how long a worker's core is busy with a photo."""
    cpu, size = costs.cpu, demand.megapixels
    return (
        cpu.worker_per_photo
        + cpu.worker_per_megapixel * size
        + cpu.worker_per_picture_megapixel * size * demand.pictures
    )


def front_end_seconds(demand: Demand, costs: UnitCosts) -> float:
    """Tell how long a front end's core is busy with a photo, and all that is asked about it."""
    return costs.cpu.front_end_per_photo + costs.cpu.front_end_per_poll * demand.polls


def database_seconds(demand: Demand, costs: UnitCosts) -> float:
    """Tell how long a core of the database is busy with a photo, and the polls for it."""
    return costs.cpu.database_per_photo + costs.cpu.database_per_poll * demand.polls


def all_seconds(demand: Demand, costs: UnitCosts) -> float:
    """Tell how long the cores of a machine are busy with a photo that runs all of it."""
    return (
        worker_seconds(demand, costs)
        + front_end_seconds(demand, costs)
        + database_seconds(demand, costs)
        + costs.cpu.object_store_per_photo
    )
