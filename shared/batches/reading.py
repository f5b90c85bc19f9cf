"""What clients ask for: a batch, their batches, its items."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Select, and_, select, update

from shared.batches.batch import Batch, BatchStatus, Item
from shared.batches.batch_table import BatchTable
from shared.batches.rows import to_batch, to_item
from shared.batches.tables import batch_items, batches
from shared.job import Bookmark
from shared.sql.paging import behind
from shared.sql.planning import hidden

_PLACE = (batches.c.accepted_at, batches.c.id)


class Lines(NamedTuple):
    """Items of a batch in the order of their lines, and the batch as it was at the same moment."""

    batch: Batch
    items: list[Item]


class Reading(BatchTable):
    """What a client asks of the batch tables."""

    def find(self, batch_id: uuid.UUID, tenant: str) -> Batch | None:
        """Read a tenant's batch; None if it is unknown, was not accepted, or is somebody else's."""
        which = and_(
            batches.c.id == batch_id,
            hidden(batches.c.tenant) == tenant,
            batches.c.accepted_at.is_not(None),
            hidden(batches.c.status) != BatchStatus.DISCARDED,
        )
        return next(iter(self._read(select(batches).where(which))), None)

    def look_up(self, batch_ids: Collection[uuid.UUID]) -> list[Batch]:
        """Find anybody's batches by their ids, for an operator."""
        which = and_(
            batches.c.id.in_(list(batch_ids)),
            batches.c.accepted_at.is_not(None),
            hidden(batches.c.status) != BatchStatus.DISCARDED,
        )
        return self._read(select(batches).where(which)) if batch_ids else []

    def find_by_idempotency_key(self, key: str, tenant: str) -> Batch | None:
        """Read the batch that a tenant made under a key, as long as it has not expired."""
        which = and_(batches.c.idempotency_key == key, batches.c.tenant == tenant)
        return next(iter(self._read(select(batches).where(which))), None)

    def list_batches(self, tenant: str, limit: int, after: Bookmark | None = None) -> list[Batch]:
        """List a tenant's batches, newest first."""
        which = and_(
            batches.c.tenant == tenant,
            batches.c.accepted_at.is_not(None),
            hidden(batches.c.status) != BatchStatus.DISCARDED,
        )
        newest_first = (batches.c.accepted_at.desc(), batches.c.id.desc())
        rows = select(batches).where(which).order_by(*newest_first).limit(limit)
        return self._read(rows if after is None else rows.where(behind(_PLACE, after)))

    def read_items(self, batch_id: uuid.UUID, tenant: str, after: int, limit: int) -> Lines | None:
        """Read the items behind a line; None if the tenant has no such batch."""
        batch = self.find(batch_id, tenant)
        if batch is None:
            return None
        which = and_(batch_items.c.batch_id == batch_id, batch_items.c.line > after)
        rows = select(batch_items).where(which).order_by(batch_items.c.line).limit(limit)
        with self._database.reading() as connection:
            items = [to_item(row, batch) for row in connection.execute(rows).mappings()]
        return Lines(batch, items)

    def cancel(self, batch_id: uuid.UUID, tenant: str) -> Batch | None:
        """Let no further item of a batch begin; one that has ended stays as it is. None if there is none."""
        with self._database.writing() as connection:
            runs = and_(
                batches.c.id == batch_id,
                hidden(batches.c.tenant) == tenant,
                hidden(batches.c.status) == BatchStatus.RUNNING,
            )
            connection.execute(update(batches).where(runs).values(status=BatchStatus.CANCELLING))
        return self.find(batch_id, tenant)

    def _read(self, rows: Select[tuple[object, ...]]) -> list[Batch]:
        with self._database.reading() as connection:
            now = self._clock(connection)
            return [to_batch(row, now) for row in connection.execute(rows).mappings()]
