"""What PostgreSQL has to hold and to do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from deploy.capacity.demand import DAY, Demand
from deploy.capacity.planning.computers import Computers
from deploy.capacity.planning.seconds import database_seconds
from deploy.capacity.unit_costs import UnitCosts
from shared.settings.settings import Settings
from shared.wire.contract import RESULT_LIFETIME

#: Days that a row is there: as long as its results, and then as long as it is remembered that they were there.
DAYS_KEPT = RESULT_LIFETIME.total_seconds() / DAY + float(
    Settings.model_fields["prune_after"].default / DAY
)
#: Autovacuum reads all indexes from end to end when so many of the table's pages hold dead rows; below it does not
#: (PostgreSQL 14 and newer).
_PAGES_WITH_DEAD_ROWS = 0.02
#: A day's rows die three times: when they are worked on, when they expire, and when they are forgotten.
_DEATHS = 3
PASSES_A_DAY = _DEATHS / (_PAGES_WITH_DEAD_ROWS * DAYS_KEPT)
_LEAST_CORES = 2
#: That each process keeps for what is no job: heartbeats, sweeps, checks.
_CONNECTIONS_BESIDE = 2


@dataclass(frozen=True)
class DatabaseNeeds:
    """The job table of one installation, and the server that it lies on."""

    cores: int
    rows: float
    bytes: float
    #: Rows and their index entries that one day adds: what is read and written again and again.
    bytes_a_day: float
    wal_bytes_a_day: float
    #: A second, in the busiest hour; those that write, which wait for the disk, and all.
    commits: float
    transactions: float
    connections: float
    #: In which dead rows are taken out of all indexes, and how long one takes.
    passes_a_day: float
    pass_seconds: float
    restore_seconds: float
    #: One for each day that is kept, one for today, one ahead; 0: one table will do.
    partitions: int

    @property
    def vacuum_share(self) -> float:
        """The share of all time in which the table is being cleaned up; above 1 it never is."""
        return self.passes_a_day * self.pass_seconds / DAY


def database_for(demand: Demand, costs: UnitCosts, computers: Computers) -> DatabaseNeeds:
    """Say what the database of one installation needs, to which these pods connect."""
    of_one, share = costs.database, costs.fleet.vacuum_share
    rows = demand.photos_per_day * DAYS_KEPT
    each = of_one.row_bytes + of_one.index_bytes
    busy = demand.busiest * database_seconds(demand, costs) / costs.fleet.fullest
    seconds = pass_seconds(demand.photos_per_day, costs)
    crowded = PASSES_A_DAY * seconds / DAY > share
    return DatabaseNeeds(
        cores=max(_LEAST_CORES, math.ceil(busy)),
        rows=rows,
        bytes=rows * each,
        bytes_a_day=demand.photos_per_day * each,
        wal_bytes_a_day=demand.photos_per_day * of_one.wal_bytes_per_photo,
        commits=demand.busiest * of_one.commits_per_photo,
        transactions=demand.busiest * (of_one.transactions_per_photo + demand.polls),
        connections=_connections(computers),
        passes_a_day=PASSES_A_DAY,
        pass_seconds=seconds,
        restore_seconds=rows * each / costs.limits.restore_bytes_per_second,
        partitions=math.ceil(DAYS_KEPT) + 2 if crowded else 0,
    )


def _connections(computers: Computers) -> float:
    pods = (computers.front_ends, computers.workers)
    processes = sum(it.count for it in pods) + computers.sweepers
    return sum(it.cores for it in pods) + processes * _CONNECTIONS_BESIDE


def pass_seconds(photos_per_day: float, costs: UnitCosts) -> float:
    """Tell how long it takes to read all indexes of the one table once."""
    indexes = photos_per_day * DAYS_KEPT * costs.database.index_bytes
    return indexes / costs.limits.vacuum_bytes_per_second
