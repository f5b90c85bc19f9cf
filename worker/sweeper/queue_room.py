"""How many more items of a batch may wait in the queue: a few less than single uploads of its key could add."""

from __future__ import annotations

from dataclasses import dataclass

from shared.batches.batch import Batch
from shared.jobs.store import JobStore
from shared.tenants.api_key import queue_limits
from shared.tenants.key_store import KeyStore

#: The share of a limit of waiting jobs that batches leave to what is sent by itself.
_LEFT_TO_OTHERS = 0.1


@dataclass(frozen=True, kw_only=True)
class QueueRoom:
    """The limits of waiting jobs, as batches meet them."""

    job_store: JobStore
    key_store: KeyStore
    max_queued_per_tenant: int
    max_queued: int

    def left_for(self, batch: Batch) -> int:
        """Tell how many more may wait: of the batch's key, of its tenant, and of all."""
        own = self.key_store.own_queue_limit(batch.key_id)
        limits = queue_limits(own, self.max_queued_per_tenant)
        left = [self._left_of(None, self.max_queued)]
        if limits.of_tenant is not None:
            left.append(self._left_of(batch.tenant, limits.of_tenant))
        if batch.key_id is not None and limits.of_key is not None:
            most = _most(limits.of_key)
            left.append(most - self.job_store.count_of_key(batch.key_id, most))
        return min(left)

    def _left_of(self, tenant: str | None, limit: int) -> int:
        most = _most(limit)
        return most - self.job_store.measure_backlog(tenant, most).queued


def _most(limit: int) -> int:
    """Leave a part of a limit to others; but of a limit of one nothing, or no batch would ever move on."""
    return max(1, int(limit * (1 - _LEFT_TO_OTHERS)))
