"""What a delivery is about: a job, or a batch, as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.batches.batch import EVENTS as BATCH_EVENTS
from shared.batches.store import BatchStore
from shared.batches.telling import envelope_of_batch
from shared.errors import FromNewerRelease
from shared.jobs.envelope import Envelope, Signer, add_all_of, envelope_of
from shared.jobs.store import JobStore
from shared.webhooks.delivery import EVENTS as JOB_EVENTS
from shared.webhooks.delivery import Delivery


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A job or a batch, just read."""

    log_id: str
    #: Of the key that it came with, if that is known.
    key_id: str | None
    #: What a GET of it answers.
    told: Envelope
    ended_at: datetime | None
    #: The database's time.
    read_at: datetime


@dataclass(frozen=True, kw_only=True)
class Subjects:
    """Finds them in the tables."""

    job_store: JobStore
    batches: BatchStore
    sign: Signer

    def find(self, delivery: Delivery) -> Subject | None:
        """Read what a delivery is about; None if it is forgotten.

        Raises:
            FromNewerRelease: This release does not know what it is.
        """
        if delivery.event in BATCH_EVENTS.values():
            return self._find_batch(delivery)
        if delivery.event not in JOB_EVENTS.values():
            raise FromNewerRelease(f"a delivery tells of {delivery.event!r}")
        job = self.job_store.find(delivery.job_id, delivery.tenant)
        if job is None:
            return None
        told = add_all_of(job, envelope_of(job, delivery.webhook_id, self.sign), self.sign)
        return Subject(
            log_id=job.log_id,
            key_id=job.key_id,
            told=told,
            ended_at=job.finished_at,
            read_at=job.read_at,
        )

    def _find_batch(self, delivery: Delivery) -> Subject | None:
        batch = self.batches.find(delivery.job_id, delivery.tenant)
        if batch is None:
            return None
        return Subject(
            log_id=batch.log_id,
            key_id=batch.key_id,
            told=envelope_of_batch(batch, delivery.webhook_id),
            ended_at=batch.finished_at,
            read_at=batch.read_at,
        )
