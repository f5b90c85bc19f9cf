"""How many more items of a batch may wait in the queue: a few less than single uploads of its key could add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.batches.batch import Batch
from shared.jobs.store import JobStore
from shared.tenants.api_key import queue_limits
from shared.tenants.key_store import KeyStore

#: Whose jobs wait: all, a tenant's, or those of one of its keys.
_Whose = tuple[str | None, str | None]
_ALL: _Whose = (None, None)

#: The share of a limit of waiting jobs that batches leave to what is sent by itself.
_LEFT_TO_OTHERS = 0.1


@dataclass(frozen=True, kw_only=True)
class QueueRoom:
    """The limits of waiting jobs, as batches meet them."""

    job_store: JobStore
    key_store: KeyStore
    max_queued_per_tenant: int
    max_queued: int

    def limits_for(self, tenant: str, key_id: str | None) -> Mapping[_Whose, int]:
        """Tell how many may wait with a batch: of its key, of its tenant, and of all."""
        limits = queue_limits(self.key_store.own_queue_limit(key_id), self.max_queued_per_tenant)
        found = {_ALL: self.max_queued}
        if limits.of_tenant is not None:
            found[tenant, None] = limits.of_tenant
        if key_id is not None and limits.of_key is not None:
            found[tenant, key_id] = limits.of_key
        return {whose: _most(limit) for whose, limit in found.items()}

    def count(self, whose: _Whose, at_most: int) -> int:
        """Count how many wait; counting ends at `at_most`."""
        tenant, key_id = whose
        if key_id is not None:
            return self.job_store.count_of_key(key_id, at_most)
        return self.job_store.measure_backlog(tenant, at_most).queued


@dataclass(frozen=True)
class RoundsRoom:
    """The room that there is in one round: what waits is counted once, and what is let in takes its part of it."""

    room: QueueRoom
    _limits: dict[_Whose, Mapping[_Whose, int]] = field(default_factory=dict)
    _left: dict[_Whose, int] = field(default_factory=dict)

    def left_for(self, batch: Batch) -> int:
        """Tell how many more items of a batch may wait."""
        sent_by = (batch.tenant, batch.key_id)
        if sent_by not in self._limits:
            self._limits[sent_by] = self.room.limits_for(*sent_by)
        for whose, most in self._limits[sent_by].items():
            if whose not in self._left:
                self._left[whose] = most - self.room.count(whose, most)
        return min(self._left[whose] for whose in self._limits[sent_by])

    def take(self, batch: Batch, count: int) -> None:
        """Note that so many items of a batch wait now."""
        for whose in {_ALL, (batch.tenant, None), (batch.tenant, batch.key_id)}:
            if whose in self._left:
                self._left[whose] -= count


def _most(limit: int) -> int:
    """Leave a part of a limit to others; but of a limit of one nothing, or no batch would ever move on."""
    return max(1, int(limit * (1 - _LEFT_TO_OTHERS)))
