"""The composition root of the sweeper."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from shared.batches.store import BatchStore
from shared.errors import Unavailable
from shared.jobs.store import JobStore, limits_of
from shared.messaging.announcements import Announcer
from shared.messaging.broker import Broker, Duty
from shared.objects.store import ObjectStore
from shared.operations.fleet import Fleet
from shared.operations.samples import Samples
from shared.outgoing.caller import Caller
from shared.settings.settings import Settings
from shared.sql.database import open_database
from shared.telemetry.liveness import LivenessFile
from shared.telemetry.logs import get_logger
from shared.tenants.audit import AuditLog
from shared.tenants.key_store import KeyStore
from shared.tenants.usage import Usage
from shared.webhooks.deliveries import Deliveries
from worker.sweeper.batch_keeper import BatchKeeper
from worker.sweeper.queue_room import QueueRoom
from worker.sweeper.retention import Retention
from worker.sweeper.rounds import Rounds, keep_going
from worker.sweeper.sampler import Sampler
from worker.sweeper.sweep import Sweeper
from worker.webhooks.sender import Sender
from worker.webhooks.subjects import Subjects

_log = get_logger(__name__)

#: A sweeper ends itself when a round takes longer: no call of a round may hang for that long.
_PATIENCE_SECONDS = 300.0
#: What a round gets to finish when the sweeper stops. The next sweep does what it did not.
_GRACE_SECONDS = 8.0
#: Between two looks for webhooks that are due.
_WEBHOOK_SECONDS = 0.5
#: How often it is asked whether this minute has a sample.
_SAMPLE_SECONDS = 10.0
#: How long a sample is kept: two weeks can be compared.
_SAMPLES_KEPT = timedelta(days=15)
#: How often it is looked for room for further items of batches.
_BATCH_SECONDS = 1.0


def create_sweeper(settings: Settings) -> Sweeper:
    """Build a sweeper on the real stores, and the retention beside it."""
    database = open_database(settings)
    job_store = JobStore(database, limits_of(settings))
    usage_kept = timedelta(seconds=settings.usage_prune_after)
    audit_kept = timedelta(seconds=settings.audit_prune_after)
    return Sweeper(
        job_store=job_store,
        retention=Retention(
            job_store,
            ObjectStore(settings),
            timedelta(seconds=settings.prune_after),
            {
                "usage": partial(Usage(database).prune, usage_kept),
                "audit": partial(AuditLog(database).prune, audit_kept),
                "samples": partial(Samples(database).prune, _SAMPLES_KEPT),
            },
        ),
        broker=Broker(settings),
        announcer=Announcer(settings),
        republish_after=timedelta(seconds=settings.republish_after),
    )


def create_keeper(settings: Settings) -> BatchKeeper:
    """Build what keeps batches going, with connections of its own."""
    database, limits = open_database(settings), limits_of(settings)
    job_store = JobStore(database, limits)
    return BatchKeeper(
        batches=BatchStore(database, limits.deadline),
        job_store=job_store,
        broker=Broker(settings),
        window=settings.batch_window,
        room=QueueRoom(
            job_store=job_store,
            key_store=KeyStore(database),
            max_queued_per_tenant=settings.max_queued_per_tenant,
            max_queued=settings.max_queued,
        ),
        prune_after=timedelta(seconds=settings.prune_after),
    )


def create_sampler(settings: Settings) -> Sampler:
    """Build what keeps how the installation was, with connections of its own."""
    database = open_database(settings)
    return Sampler(Samples(database), JobStore(database, limits_of(settings)), Fleet(settings))


def create_sender(settings: Settings) -> Sender | None:
    """Build what sends webhooks, with connections of its own; None if nothing would sign them."""
    if not settings.signing_secrets:
        return None
    database = open_database(settings)
    return Sender(
        deliveries=Deliveries(database),
        key_store=KeyStore(database),
        subjects=Subjects(
            job_store=JobStore(database, limits_of(settings)),
            batches=BatchStore(database, limits_of(settings).deadline),
            sign=ObjectStore(settings).sign_result,
        ),
        caller=Caller(settings.webhook_policy),
        secrets=settings.signing_secrets,
    )


def run_sweeper(
    settings: Settings,
    sweeper: Sweeper,
    stopping: threading.Event,
    sender: Sender | None = None,
    keeper: BatchKeeper | None = None,
    *,
    sampler: Sampler | None = None,
) -> int:
    """Sweep until told to stop, or until one of the threads died or hangs; return the exit status."""

    def rounds_of(duty: Duty, work: Callable[[], bool], interval: float = math.inf) -> Rounds:
        noted = partial(_do, duty, work, sweeper.broker)
        return Rounds(duty.name, noted, min(settings.sweep_interval, interval), stopping)

    all_work = [
        rounds_of(Duty.SWEEP, sweeper.sweep),
        rounds_of(Duty.RETENTION, sweeper.retention.run),
    ]
    if keeper is not None:
        all_work.append(rounds_of(Duty.BATCHES, keeper.run, _BATCH_SECONDS))
    if sampler is not None:
        all_work.append(Rounds("SAMPLES", sampler.run, _SAMPLE_SECONDS, stopping))
    if sender is not None:
        all_work.append(rounds_of(Duty.WEBHOOKS, sender.run, _WEBHOOK_SECONDS))
    _log.info("sweeper.started", every_s=settings.sweep_interval, sends_webhooks=sender is not None)
    alive = LivenessFile(settings.liveness_file)
    status = keep_going(all_work, stopping, _PATIENCE_SECONDS, alive.touch)
    if status == 0:
        for rounds in all_work:
            rounds.join(_GRACE_SECONDS / (len(all_work) + 1))
        if sender is not None:
            sender.finish(_GRACE_SECONDS / (len(all_work) + 1))
    return status


def _do(duty: Duty, work: Callable[[], bool], broker: Broker) -> bool:
    """Do a round, and leave word if it ended well: front ends miss it when none does."""
    is_more = work()
    try:
        broker.note(duty)
    except Unavailable as error:
        _log.warning("sweeper.not_noted", duty=duty.name, reason=str(error))
    return is_more
