"""What is read before and after: counters of PostgreSQL and of the kernel.

Each reading is a mapping from a name to a count that only grows; what cannot be read is not in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import text

from deploy.capacity.measuring.processes import cpu_by_part
from shared.sql.database import Database

Reading = Mapping[str, float]
Counter = Callable[[], Reading]

#: PostgreSQL's processes tell their counts a second after they fell idle, at most.
SETTLE_SECONDS = 2.0

_COMMITS = text("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")


def postgres_counter(database: Database) -> Counter:
    """Read how many transactions PostgreSQL has committed in this database."""

    def read() -> Reading:
        if database.engine.dialect.name != "postgresql":
            return {}
        with database.reading() as connection:
            return {"database.commits": float(connection.execute(_COMMITS).scalar_one())}

    return read


def cpu_counter(processes: Sequence[int]) -> Counter:
    """Read the CPU seconds of these processes and all below them, by the part that they play."""
    return lambda: {f"cpu.{part}": seconds for part, seconds in cpu_by_part(processes).items()}


class Counters:
    """All of them, read together."""

    def __init__(self, counters: Sequence[Counter]) -> None:
        """Read nothing yet."""
        self._counters = counters

    def read(self) -> Reading:
        """Wait until all is counted, and read; the time is one of them."""
        time.sleep(SETTLE_SECONDS)
        found: dict[str, float] = {"seconds": time.monotonic()}
        for counter in self._counters:
            found.update(counter())
        return found


def between(before: Reading, after: Reading) -> dict[str, float]:
    """Tell what was counted meanwhile."""
    return {name: after[name] - before[name] for name in before if name in after}


def without_idle(counted: Reading, idle: Reading) -> dict[str, float]:
    """Leave out what would have been counted in this time if nobody had asked for anything."""
    share = counted["seconds"] / idle["seconds"]
    return {name: count - idle.get(name, 0.0) * share for name, count in counted.items()}
