"""What stands still first: things of which an installation has one, and at how many photos a day each is full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deploy.capacity.demand import DAY, Demand
from deploy.capacity.planning.database import (
    DAYS_KEPT,
    PASSES_A_DAY,
    pass_seconds,
)
from deploy.capacity.planning.seconds import (
    all_seconds,
    database_seconds,
    front_end_seconds,
    worker_seconds,
)
from deploy.capacity.unit_costs import UnitCosts
from shared.settings.settings import Settings, variable

_MINUTE, _HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class Wall:
    """One of them."""

    name: str
    photos_per_day: float
    #: What helps.
    cure: str
    #: Whether a whole installation ends here; the others are met on the way, and passed.
    ends: bool = False


def walls_of(demand: Demand, costs: UnitCosts) -> list[Wall]:
    """List them, the nearest first, for photos like these and a day like this one."""
    return sorted(_walls(demand, costs), key=lambda wall: wall.photos_per_day)


def largest_installation(demand: Demand, costs: UnitCosts) -> float:
    """Tell how many photos a day one installation may get, and still have room for a busy day."""
    ends = (wall for wall in walls_of(demand, costs) if wall.ends)
    return next(ends).photos_per_day * costs.fleet.fullest


def partitions_from(costs: UnitCosts) -> float:
    """Tell from how many photos a day on the job table should be cut by day."""
    return _photos_with(costs.fleet.vacuum_share, costs)


def _walls(demand: Demand, costs: UnitCosts) -> Iterator[Wall]:
    machine = costs.fleet.machine_cores
    yield Wall(
        f"one machine of {machine:g} cores with all of it",
        _a_day(demand, machine * costs.fleet.fullest / all_seconds(demand, costs)),
        "workers on machines of their own",
    )
    per_minute = float(Settings.model_fields["rate_per_minute"].default)
    yield Wall(
        f"one customer, by `{variable('rate_per_minute')}`",
        _a_day(demand, per_minute / _MINUTE),
        "a higher limit, for that key or for all",
    )
    yield Wall(
        f"{costs.limits.database_connections:g} connections to the database",
        _a_day(demand, costs.limits.database_connections / _slots_per_rate(demand, costs)),
        "PgBouncer",
    )
    yield from _of_the_table(costs)
    for name, per_second in _of_the_servers(demand, costs).items():
        yield Wall(name, _a_day(demand, per_second), "another installation", ends=True)


def _of_the_table(costs: UnitCosts) -> Iterator[Wall]:
    """What grows with the rows that are kept, and not with the busiest hour."""
    limits, fewer_days = costs.limits, f"fewer days of `{variable('prune_after')}`"
    each = costs.database.row_bytes + costs.database.index_bytes
    restored = limits.restore_hours * _HOUR * limits.restore_bytes_per_second
    yield Wall(
        "cleaning up the job table takes all the time",
        _photos_with(1.0, costs),
        f"{fewer_days}, or the table cut by day",
        ends=True,
    )
    yield Wall(
        f"restoring the database takes {limits.restore_hours:g} hours",
        restored / (DAYS_KEPT * each),
        f"{fewer_days}, or another installation",
        ends=True,
    )


def _of_the_servers(demand: Demand, costs: UnitCosts) -> dict[str, float]:
    """Name what one server bears, and how many photos a second that are."""
    limits = costs.limits
    cores, commits = limits.database_cores, limits.database_commits_per_second
    wal, commands = limits.database_wal_bytes_per_second, limits.broker_commands_per_second
    return {
        f"{cores:g} cores of the database": cores / database_seconds(demand, costs),
        f"{commits:,.0f} commits a second": commits / costs.database.commits_per_photo,
        f"{wal / 1e6:g} MB of WAL a second": wal / costs.database.wal_bytes_per_photo,
        f"{commands:,.0f} commands a second of Redis": commands / costs.broker.commands_per_photo,
    }


def _a_day(demand: Demand, per_second: float) -> float:
    """Turn what can be done a second into photos a day whose busiest hour it is."""
    return per_second * DAY / demand.peak


def _slots_per_rate(demand: Demand, costs: UnitCosts) -> float:
    """Connections that a photo a second keeps busy: each core at work holds one."""
    seconds = worker_seconds(demand, costs) + front_end_seconds(demand, costs)
    return seconds / costs.fleet.fullest


def _photos_with(vacuum_share: float, costs: UnitCosts) -> float:
    """Tell at how many photos a day cleaning up takes this share of the time."""
    return vacuum_share * DAY / (PASSES_A_DAY * pass_seconds(1, costs))
