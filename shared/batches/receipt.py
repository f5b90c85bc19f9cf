"""A front end's statements while the lines of a batch come in.

Nobody sees a batch before it is accepted, so one that breaks off, wherever it does, leaves nothing but rows that the
sweeper deletes.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from shared.batches.batch import BROKEN_OFF_AFTER, Batch, BatchStatus, NewBatch, NewItem
from shared.batches.batch_table import BatchTable
from shared.batches.rows import new_batch_row, new_item_row, to_batch
from shared.batches.tables import batch_items, batches
from shared.errors import DatabaseUnavailable
from shared.sql.counting import count_rows
from shared.sql.planning import hidden


class Receipt(BatchTable):
    """What a front end asks of the batch tables while it reads a body."""

    def count_at_work(self, tenant: str, at_most: int) -> int:
        """Count a tenant's batches that go on; counting ends at `at_most`."""
        some = select(batches.c.id).where(batches.c.at_work_for == tenant).limit(at_most)
        with self._database.reading() as connection:
            return count_rows(connection, some)

    def begin(self, new: NewBatch) -> None:
        """Make room for the lines of a batch."""
        with self._database.writing() as connection:
            connection.execute(insert(batches).values(new_batch_row(new, self._clock(connection))))

    def add(self, batch_id: uuid.UUID, items: Sequence[NewItem]) -> None:
        """Store some more lines.

        Raises:
            DatabaseUnavailable: They came too late, and the batch was given up, or nothing can be stored.
        """
        with self._database.writing() as connection:
            more = {"total": batches.c.total + len(items)}
            self._go_on(connection, batch_id, more)
            rows = [new_item_row(batch_id, item) for item in items]
            connection.execute(insert(batch_items), rows)

    def accept(
        self, batch_id: uuid.UUID, fingerprint: str, idempotency_key: str | None
    ) -> Batch | None:
        """Let a batch begin whose lines are all there; None if its tenant has one under this key.

        Raises:
            DatabaseUnavailable: It was given up meanwhile, or this cannot be stored.
            CommitUncertain: It may have begun.
        """
        try:
            with self._database.writing() as connection:
                now = self._clock(connection)
                accepted = {
                    "status": BatchStatus.RUNNING,
                    "at_work_for": batches.c.tenant,
                    "fingerprint": fingerprint,
                    "idempotency_key": idempotency_key,
                    "accepted_at": now,
                }
                self._go_on(connection, batch_id, accepted)
                row = connection.execute(select(batches).where(batches.c.id == batch_id))
                return to_batch(row.mappings().one(), now)
        except IntegrityError:
            return None

    def discard(self, batch_id: uuid.UUID) -> None:
        """Give up a batch that was not accepted; the sweeper deletes its rows."""
        with self._database.writing() as connection:
            given_up = {"status": BatchStatus.DISCARDED, "not_before": self._clock(connection)}
            connection.execute(update(batches).where(_comes_in(batch_id)).values(given_up))

    def _go_on(
        self, connection: Connection, batch_id: uuid.UUID, changes: Mapping[str, Any]
    ) -> None:
        given_up_at = self._clock(connection) + BROKEN_OFF_AFTER
        changes = {"not_before": given_up_at, **changes}
        statement = update(batches).where(_comes_in(batch_id)).values(changes)
        if connection.execute(statement).rowcount != 1:
            raise DatabaseUnavailable("the batch took too long to come in, and was given up")


def _comes_in(batch_id: uuid.UUID) -> ColumnElement[bool]:
    return and_(batches.c.id == batch_id, hidden(batches.c.status) == BatchStatus.RECEIVING)
