"""What all statements on batches share: the database, the limits of a job's life, the clock."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, select

from shared.batches.batch import AT_WORK
from shared.batches.tables import batches
from shared.sql.clock import Clock, database_clock
from shared.sql.database import Database
from shared.sql.planning import hidden


class BatchTable:
    """Both tables.

    Every method of those that inherit from it raises `DatabaseUnavailable` when the database cannot be reached.
    """

    def __init__(
        self,
        database: Database,
        deadline: timedelta,
        clock: Clock = database_clock,
    ) -> None:
        """Use a database whose schema is migrated.

        Args:
            database: Where both tables and the jobs are.
            deadline: After which no attempt at a job can still be running.
            clock: Tells the time.
        """
        self._database = database
        self._deadline = deadline
        self._clock = clock

    def _lock(
        self, connection: Connection, batch_id: uuid.UUID
    ) -> tuple[RowMapping | None, datetime]:
        """Take a batch that goes on, for this transaction alone; None if it does not, or another one has it."""
        now = self._clock(connection)
        which = select(batches).where(
            batches.c.id == batch_id, hidden(batches.c.status).in_(AT_WORK)
        )
        rows = connection.execute(which.with_for_update(skip_locked=True))
        return rows.mappings().one_or_none(), now
