"""The sweeper's statements on batches that do not go on: each handles a bounded number of rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import and_, delete, select, update

from shared.batches.batch import ENDED, BatchStatus
from shared.batches.batch_table import BatchTable
from shared.batches.tables import batch_items, batches
from shared.webhooks.deliveries import forget


class Clearing(BatchTable):
    """What the sweeper asks of the batch tables for those that are past something."""

    def discard_broken_off(self, limit: int) -> int:
        """Give up batches whose lines stopped to come in; return how many."""
        discarded = {"status": BatchStatus.DISCARDED}
        return self._change_due(BatchStatus.RECEIVING, discarded, limit)

    def expire(self, prune_after: timedelta, limit: int) -> int:
        """Mark batches that ended a lifetime ago, and release their idempotency keys; return how many."""
        with self._database.reading() as connection:
            forgotten_at = self._clock(connection) + prune_after
        changes = {
            "status": BatchStatus.EXPIRED,
            "idempotency_key": None,
            "not_before": forgotten_at,
        }
        return sum([self._change_due(status, changes, limit) for status in sorted(ENDED)])

    def forget_expired(self, limit: int) -> int:
        """Let batches that expired long ago be deleted; return how many."""
        return self._change_due(BatchStatus.EXPIRED, {"status": BatchStatus.DISCARDED}, limit)

    def delete_some(self, limit: int) -> int:
        """Delete some rows of a batch that was discarded, and with the last of them itself; return how many."""
        with self._database.writing() as connection:
            order = batches.c.not_before
            first = select(batches.c.id).where(batches.c.status == BatchStatus.DISCARDED)
            free = first.order_by(order).limit(1).with_for_update(skip_locked=True)
            batch_id = connection.execute(free).scalar_one_or_none()
            if batch_id is None:
                return 0
            own = batch_items.c.batch_id == batch_id
            lines = select(batch_items.c.line).where(own).order_by(batch_items.c.line).limit(limit)
            some = list(connection.execute(lines).scalars())
            if some:
                gone = and_(own, batch_items.c.line.between(some[0], some[-1]))
                connection.execute(delete(batch_items).where(gone))
            if len(some) < limit:
                forget(connection, [batch_id])
                connection.execute(delete(batches).where(batches.c.id == batch_id))
            return len(some) + 1

    def _change_due(self, status: BatchStatus, changes: Mapping[str, object], limit: int) -> int:
        with self._database.writing() as connection:
            due = and_(batches.c.status == status, batches.c.not_before <= self._clock(connection))
            some = select(batches.c.id).where(due).order_by(batches.c.not_before).limit(limit)
            ids = list(connection.execute(some.with_for_update(skip_locked=True)).scalars())
            if ids:
                connection.execute(update(batches).where(batches.c.id.in_(ids)).values(changes))
            return len(ids)
