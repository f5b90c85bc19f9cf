"""What goes when its time has come: results and uploads of jobs past their lifetime, and the rows long after that.

It runs in a thread of its own, so that nothing that must be quick waits for the object store.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from queue import Empty, SimpleQueue
from types import MappingProxyType

from shared.errors import Unavailable
from shared.jobs.store import JobStore
from shared.objects.store import ObjectStore
from shared.telemetry.logs import about, get_logger
from worker.sweeper.steps import do_each, run_steps

_log = get_logger(__name__)

#: Forgets some of the oldest, and tells how many.
Prune = Callable[[], int]

#: Jobs whose bytes are deleted together: with all their outputs no more objects than one request may name.
_JOBS_PER_REQUEST = 100
_ROWS_PER_PRUNING = 500
#: How long jobs to delete belong to one sweeper: longer than a request takes. If it dies, another one goes on then.
_HOLD = timedelta(minutes=1)
#: After which a job is tried again of which something could not be deleted.
_PAUSE = timedelta(minutes=10)


class Retention:
    """Deletes bytes first, and then says so in the table; what could not be deleted is tried again."""

    def __init__(
        self,
        job_store: JobStore,
        object_store: ObjectStore,
        prune_after: timedelta,
        records: Mapping[str, Prune] = MappingProxyType({}),
    ) -> None:
        """Delete nothing yet.

        Args:
            job_store: Where rows go.
            object_store: Where bytes go.
            prune_after: How long the row of an expired job is kept.
            records: What is kept for longer than jobs, by its name, and what forgets the oldest of it.
        """
        self._job_store = job_store
        self._object_store = object_store
        self._prune_after = prune_after
        self._records = records
        self._uploads: SimpleQueue[uuid.UUID] = SimpleQueue()

    def discard_upload(self, job_id: uuid.UUID) -> None:
        """Ask, from any thread, that the upload of a job that failed be deleted soon; else it goes with the job."""
        self._uploads.put(job_id)

    def run(self) -> bool:
        """Do each of it once, for a bounded number of jobs; True if there is more of it to do at once.

        What a store that is away keeps from being done is logged, and left to the next run.
        """
        steps = (self._delete_uploads, self._expire, self._prune, self._prune_records)
        return run_steps("retention.step_failed", *steps)

    def _delete_uploads(self) -> bool:
        job_ids: list[uuid.UUID] = []
        with suppress(Empty):
            while len(job_ids) < _JOBS_PER_REQUEST:
                job_ids.append(self._uploads.get_nowait())
        if job_ids:
            self._object_store.delete_inputs(job_ids)
        return not self._uploads.empty()

    def _expire(self) -> bool:
        taken = self._job_store.take_for_expiry(_JOBS_PER_REQUEST, _HOLD)
        if not taken:
            return False
        try:
            left = self._object_store.delete_jobs([job.id for job in taken])
        except Unavailable:
            self._job_store.postpone_expiry([job.id for job in taken], timedelta(0))
            raise
        self._job_store.expire([job.id for job in taken if job.id not in left])
        self._job_store.postpone_expiry(list(left), _PAUSE)
        for job in taken:
            if job.id in left:
                _log.error("job.not_deletable", **about(job), reason=left[job.id])
            else:
                _log.info("job.expired", **about(job))
        return len(taken) == _JOBS_PER_REQUEST

    def _prune(self) -> bool:
        pruned = self._job_store.prune(self._prune_after, _ROWS_PER_PRUNING)
        if pruned:
            _log.info("jobs.pruned", count=pruned)
        return pruned == _ROWS_PER_PRUNING

    def _prune_records(self) -> bool:
        return do_each(self._prune_records_of, self._records)

    def _prune_records_of(self, name: str) -> bool:
        pruned = self._records[name]()
        if pruned:
            _log.info("records.pruned", name=name, count=pruned)
        return pruned > 0
