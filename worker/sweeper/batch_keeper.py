"""Batches that go on: their items are let into the queue in portions, and what has become of those is counted.

An item waits outside of the queue, so a batch of fifty thousand takes no room in it. Of a tenant's batches as many
items are inside as `batch_window` says, those of the oldest first. So

- others see a tenant with a few hundred jobs, and tenants take turns (`shared.jobs.turns`);
- the limits of waiting jobs, of the key, of the tenant and of all, are never reached by a batch: it stops before
  (`worker.sweeper.queue_room`);
- no item waits inside for so long that it meets the deadline, however large the batch is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import groupby

from shared.batches.batch import Batch, BatchStatus
from shared.batches.store import BatchStore
from shared.errors import BrokerUnavailable
from shared.job import Queue
from shared.jobs.store import JobStore
from shared.messaging.broker import Broker
from shared.telemetry.job_metrics import count_accepted
from shared.telemetry.logs import get_logger
from worker.sweeper.queue_room import QueueRoom, RoundsRoom
from worker.sweeper.steps import do_each, run_steps

_log = get_logger(__name__)

_BATCHES_PER_ROUND = 1000
#: Rows that one transaction changes: SQLite lets nobody else write meanwhile.
_PORTION = 250
#: How many of the first open items are looked at; with `batch_window` at its default, all.
_LOOKED_AT = 1000
_ROWS_PER_CLEARING = 1000


@dataclass(kw_only=True)
class BatchKeeper:
    """One round at a time over all batches; any number of keepers may run."""

    batches: BatchStore
    job_store: JobStore
    broker: Broker
    window: int
    room: QueueRoom
    prune_after: timedelta
    #: The last tenant of the round before, if there were others behind it.
    _after: str = field(default="", init=False)

    def run(self) -> bool:
        """Do each of it once; True if there is more to do at once. A store that is away is left to the next round."""
        return run_steps("batches.step_failed", self.move_on, self.clear)

    def move_on(self) -> bool:
        """Count what has ended, and let further items in; True if there is more to do at once."""
        at_work = self.batches.list_at_work(_BATCHES_PER_ROUND, self._after)
        tenants = [list(own) for _, own in groupby(at_work, lambda batch: batch.tenant)]
        is_more = len(at_work) == _BATCHES_PER_ROUND
        if is_more and len(tenants) > 1:
            # Some of the last one's may be missing: it comes first in the next round.
            tenants.pop()
        self._after = tenants[-1][0].tenant if is_more else ""
        return do_each(partial(self._move_on_for, RoundsRoom(self.room)), tenants) or is_more

    def clear(self) -> bool:
        """Forget what broke off, was refused, or is past its time; True if there is more of it."""
        self.batches.discard_broken_off(_ROWS_PER_CLEARING)
        self.batches.expire(self.prune_after, _ROWS_PER_CLEARING)
        self.batches.forget_expired(_ROWS_PER_CLEARING)
        return self.batches.delete_some(_ROWS_PER_CLEARING) > 0

    def _move_on_for(self, queue: RoundsRoom, own: list[Batch]) -> bool:
        """Do it for all batches of a tenant."""
        is_more = False
        ended = {batch.id: self._settle(batch) for batch in own}
        room = self.window - sum(batch.open - ended[batch.id] for batch in own)
        for batch in own:
            if batch.status is BatchStatus.CANCELLING:
                is_more |= self.batches.cancel_held(batch.id, _ROWS_PER_CLEARING) > 0
            elif room > 0 and batch.released < batch.total:
                is_open = batch.open - ended[batch.id]
                released = self._release(batch, is_open, room, queue)
                room -= released
                is_more |= released > 0 and room > 0
        return is_more

    def _settle(self, batch: Batch) -> int:
        if not batch.open and batch.released < batch.total:
            return 0  # None of it is in the queue.
        ended = self.batches.settle(batch.id, _LOOKED_AT)
        if ended and batch.counts.ended + ended == batch.total:
            _log.info("batch.ended", batch_id=str(batch.id), log_id=batch.log_id)
        return ended

    def _release(self, batch: Batch, is_open: int, room: int, queue: RoundsRoom) -> int:
        """Let a portion in, and publish it; return how many became jobs."""
        portion = min(room, _PORTION, queue.left_for(batch))
        if portion <= 0:
            return 0
        released = self.batches.release(batch.id, is_open + portion, portion)
        queue.take(batch, len(released))
        if released:
            count_accepted(Queue.BULK, len(released))
            self._publish(released)
            _log.info(
                "batch.released",
                batch_id=str(batch.id),
                log_id=batch.log_id,
                count=len(released),
            )
        return len(released)

    def _publish(self, released: Iterable[uuid.UUID]) -> None:
        job_ids = list(released)
        try:
            self.broker.publish_many(Queue.BULK, len(job_ids))
        except BrokerUnavailable as error:
            _log.warning("batch.unpublished", count=len(job_ids), reason=str(error))
            self.job_store.mark_unpublished(job_ids)
