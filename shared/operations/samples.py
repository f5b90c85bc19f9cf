"""How the installation was, a row a minute: all SQL on it.

Sweepers take the samples. Any number may run: the first one of a minute counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from shared.jobs.backlog import Backlog
from shared.operations.tables import samples
from shared.sql.clock import Clock, database_clock
from shared.sql.database import Database
from shared.sql.forgetting import forget_some
from shared.tenants.usage import read_totals


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One minute."""

    minute: datetime
    #: Jobs that wait; counting ends somewhere.
    queued: int
    #: For how long the one has waited that waits longest.
    oldest_seconds: int
    #: Jobs of its day (UTC) so far: stored, and ended in each way.
    accepted: int
    done: int
    failed: int
    cancelled: int
    #: Release, network and provider → how many workers have them; None: it is not known.
    fleet: Mapping[str, int] | None


class Samples:
    """The samples, for those who take them, read them, and forget them."""

    def __init__(self, database: Database, clock: Clock = database_clock) -> None:
        """Use a database whose schema is migrated."""
        self._database = database
        self._clock = clock

    def is_due(self) -> bool:
        """Whether this minute has no sample yet."""
        with self._database.reading() as connection:
            minute = _minute_of(self._clock(connection))
            same = select(samples.c.minute).where(samples.c.minute == minute)
            return connection.execute(same).one_or_none() is None

    def take(self, backlog: Backlog, fleet: Mapping[str, int] | None) -> bool:
        """Keep how it is now; False if another one has done so in this minute."""
        try:
            with self._database.writing() as connection:
                now = self._clock(connection)
                totals = read_totals(connection, now)
                row = {
                    "minute": _minute_of(now),
                    "queued": backlog.queued,
                    "oldest_seconds": int(backlog.oldest_age.total_seconds()),
                    **totals._asdict(),
                    "fleet": None if fleet is None else dict(fleet),
                }
                connection.execute(insert(samples).values(row))
        except IntegrityError:
            return False
        return True

    def read(self, span: timedelta) -> list[Sample]:
        """List the samples of the last hours or days, the oldest first."""
        columns = [samples.c[field.name] for field in fields(Sample)]
        with self._database.reading() as connection:
            since = self._clock(connection) - span
            rows = select(*columns).where(samples.c.minute >= since).order_by(samples.c.minute)
            return [Sample(**row) for row in connection.execute(rows).mappings()]

    def prune(self, older_than: timedelta) -> int:
        """Forget some of those that are past their time; return how many."""
        minute = samples.c.minute
        return forget_some(self._database, self._clock, minute, minute, older_than)


def _minute_of(now: datetime) -> datetime:
    return now - timedelta(seconds=now.second, microseconds=now.microsecond)
