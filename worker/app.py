"""The worker's composition root: where settings become a running Celery worker."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from datetime import timedelta
from typing import Any

import cv2
from celery import Celery
from celery.signals import setup_logging, worker_shutting_down

from shared.announcements import Announcer
from shared.broker import TASK, create_celery
from shared.database import open_database
from shared.errors import DatabaseUnavailable, ErrorCode
from shared.job import Lease, Queue
from shared.job_store import JobStore, limits_of
from shared.logs import get_logger
from shared.manifest import load_manifest
from shared.object_store import ObjectStore
from shared.settings import Settings
from worker.batching import Batcher
from worker.consumer import read_with
from worker.cutout import Segmenter
from worker.job_runner import JobRunner
from worker.lease import LeaseKeeper
from worker.model import Network
from worker.second_look import SecondLook

_log = get_logger(__name__)

HUNG = "The job ran longer than it may."
#: sysexits.h EX_SOFTWARE: whoever supervises this process should start it again.
_EXIT_HUNG = 70
_QUEUES = frozenset(Queue)


def create_segmenter(settings: Settings) -> Segmenter:
    """Load the network of the settings, and put a batcher before it where that pays.

    Raises:
        Misconfigured: The model's files are not what its manifest says, or the provider is not there.
    """
    manifest = load_manifest(settings.model, settings.models_dir)
    network = Network(manifest, settings.execution_provider)
    network.warm_up()
    looking = SecondLook(network) if settings.second_look else network
    if settings.execution_provider == "cpu" or not network.takes_batches:
        return looking
    return Batcher(
        looking,
        max_batch_size=settings.max_batch_size,
        max_queue_delay=timedelta(seconds=settings.max_queue_delay),
    )


def create_worker(settings: Settings, segmenter: Segmenter) -> Celery:
    """Build the Celery application that works on jobs. Its leases beat from here on."""
    cv2.setNumThreads(1)  # jobs run side by side already, one a core
    job_store = JobStore(open_database(settings), limits_of(settings))
    leases = LeaseKeeper(
        job_store,
        lease=timedelta(seconds=settings.lease),
        run_timeout=timedelta(seconds=settings.run_timeout),
        on_hung=lambda lease: _abandon_ship(job_store, leases, lease),
    )
    runner = JobRunner(
        job_store=job_store,
        object_store=ObjectStore(settings),
        announcer=Announcer(settings),
        leases=leases,
        segmenter=segmenter,
        retry_backoff=timedelta(seconds=settings.retry_backoff),
        owner=f"{socket.gethostname()}:{os.getpid()}",
    )
    app = create_celery(settings)
    read_with(app)
    setup_logging.connect(_keep_our_logs, weak=False)
    _add_task(app, runner)
    _hand_back_after(settings.shutdown_grace, job_store, leases)
    leases.start()
    return app


def run_worker(app: Celery, settings: Settings) -> None:
    """Work until TERM, then finish what runs: messages not started go back to the queue."""
    app.worker_main(
        [
            "--quiet",
            "worker",
            "--pool=threads",
            f"--concurrency={settings.worker_concurrency}",
            f"--queues={','.join(Queue)}",
            f"--hostname=cutwork-{uuid.uuid4().hex[:8]}@%h",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--loglevel=warning",
        ]
    )


def _add_task(app: Celery, runner: JobRunner) -> None:
    @app.task(name=TASK)  # type: ignore[untyped-decorator]
    def process_job(queue: str) -> None:
        if queue not in _QUEUES:
            _log.warning("message.malformed")
            return
        try:
            runner.run(Queue(queue))
        except DatabaseUnavailable:
            # Nothing was claimed; the sweeper rings again.
            _log.warning("message.postponed", queue=queue)


def _keep_our_logs(**_: Any) -> None:
    """Be there: Celery configures logging unless somebody listens to this signal."""


def _abandon_ship(job_store: JobStore, leases: LeaseKeeper, hung: Lease) -> None:
    """End the process, since a hung inference cannot be: the job may try again, its neighbours at no charge."""
    _log.error("attempt.hung", task_id=str(hung.job_id), attempt=hung.attempt)
    try:
        job_store.retry(hung, timedelta(0), ErrorCode.AI_SERVICE_TIMEOUT, HUNG)
    except DatabaseUnavailable:
        _log.warning("lease.left", task_id=str(hung.job_id), attempt=hung.attempt)
    _release(job_store, [lease for lease in leases.held() if lease != hung])
    os._exit(_EXIT_HUNG)


def _hand_back_after(grace: float, job_store: JobStore, leases: LeaseKeeper) -> None:
    def give_up() -> None:
        _release(job_store, leases.held())
        os._exit(0)

    def on_shutting_down(**_: Any) -> None:
        _log.info("worker.stopping", running=len(leases.held()))
        timer = threading.Timer(grace, give_up)
        timer.daemon = True
        timer.start()

    worker_shutting_down.connect(on_shutting_down, weak=False)


def _release(job_store: JobStore, held: list[Lease]) -> None:
    for lease in held:
        try:
            released = job_store.release(lease)
        except DatabaseUnavailable:
            released = False  # the lease runs out by itself
        _log.info(
            "job.released" if released else "lease.left",
            task_id=str(lease.job_id),
            attempt=lease.attempt,
        )
