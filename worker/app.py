"""The worker's composition root: where settings become a running Celery worker."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import timedelta
from threading import BoundedSemaphore
from typing import Any

import cv2
from celery import Celery
from celery.signals import setup_logging, worker_ready, worker_shutting_down

from shared.errors import DatabaseUnavailable
from shared.job import Queue
from shared.jobs.store import JobStore, limits_of
from shared.manifest import load_manifest
from shared.messaging.announcements import Announcer
from shared.messaging.broker import TASK, Broker, create_celery
from shared.objects.store import ObjectStore
from shared.operations.fleet import Fleet, Worker, own_release
from shared.outgoing.caller import Caller
from shared.settings.settings import Settings
from shared.sql.database import open_database
from shared.telemetry.liveness import LivenessFile
from shared.telemetry.logs import get_logger
from worker.jobs.lease import LeaseKeeper
from worker.jobs.photo_source import PhotoSource
from worker.jobs.pixel_budget import PixelBudget
from worker.jobs.runner import JobRunner
from worker.messages.consumer import read_with
from worker.messages.hearing import Hearing
from worker.metrics import BUSY_SLOTS, SLOTS
from worker.network.batching import Batcher, batch_sizes
from worker.network.segmenter import Segmenter
from worker.network.session import Network
from worker.network.shape_buckets import ShapeBuckets, bucket_shapes
from worker.network.test_time_augmentation import AugmentedNetwork
from worker.sign_of_life import SignOfLife
from worker.watchdog import (
    Watchdog,
    deaf_consumer,
    hand_back_with,
    hung_attempt,
    stop_after,
    stopped_heartbeat,
)

_log = get_logger(__name__)


def create_segmenter(settings: Settings) -> Segmenter:
    """Load the network of the settings, and put a batcher before it where that pays.

    Raises:
        Misconfigured: The model's files are not what its manifest says, or the provider is not there.
    """
    manifest = load_manifest(settings.model, settings.models_dir)
    on_gpu = settings.execution_provider != "cpu"
    network = Network(manifest, settings.execution_provider, settings.gpu_memory_limit)
    segmenter = _on_gpu(network, settings) if on_gpu else _on_cpu(network)
    return AugmentedNetwork(segmenter) if settings.second_look else segmenter


def _on_cpu(network: Network) -> Segmenter:
    network.warm_up()
    return network


def _on_gpu(network: Network, settings: Settings) -> Segmenter:
    """Let one thread run the network, on batches and shapes that were all run before the first photo."""
    largest = settings.max_batch_size if network.takes_batches else 1
    shapes = bucket_shapes(network.manifest.input, second_look=settings.second_look)
    network.warm_up(shapes, batch_sizes(largest))
    batcher = Batcher(
        network,
        max_batch_size=largest,
        max_queue_delay=timedelta(seconds=settings.max_queue_delay),
    )
    return ShapeBuckets(batcher, shapes)


def create_worker(settings: Settings, segmenter: Segmenter) -> Celery:
    """Build the Celery application that works on jobs. From here on its leases are extended."""
    cv2.setNumThreads(1)  # jobs run side by side already, one a core
    job_store = JobStore(open_database(settings), limits_of(settings))
    leases = LeaseKeeper(job_store, timedelta(seconds=settings.lease))
    object_store = ObjectStore(settings)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    runner = JobRunner(
        job_store=job_store,
        object_store=object_store,
        announcer=Announcer(settings),
        leases=leases,
        photos=_create_photo_source(settings, object_store),
        segmenter=segmenter,
        pixels=PixelBudget(settings.max_megapixels * 1_000_000),
        retry_backoff=timedelta(seconds=settings.retry_backoff),
        owner=owner,
    )
    sign = SignOfLife(Fleet(settings), _describe(settings, segmenter, owner), leases)
    hearing = Hearing(Broker(settings), settings.worker_concurrency)
    app = create_celery(settings)
    read_with(app)
    setup_logging.connect(_keep_our_logs, weak=False)
    _add_task(app, runner, hearing)
    _listen_until_stopped(hearing, leases, sign, timedelta(seconds=settings.shutdown_grace))
    hand_back_with(leases.release_all)
    leases.start()
    SLOTS.set(settings.worker_concurrency)
    BUSY_SLOTS.set_function(lambda: len(leases.held()))
    sign.start()
    rules = [
        hung_attempt(job_store, leases, timedelta(seconds=settings.run_timeout)),
        stopped_heartbeat(leases),
        deaf_consumer(hearing),
        LivenessFile(settings.liveness_file).touch,
    ]
    Watchdog(rules).start()
    return app


def _describe(settings: Settings, segmenter: Segmenter, owner: str) -> Worker:
    return Worker(
        name=owner,
        release=own_release(),
        model=segmenter.manifest.name,
        provider=settings.execution_provider,
        hands=settings.worker_concurrency,
        busy=0,
        up_seconds=0,
    )


def _create_photo_source(settings: Settings, object_store: ObjectStore) -> PhotoSource:
    """Let all threads but one wait for other servers at once; where there is one thread, that one may."""
    slots = BoundedSemaphore(max(1, settings.worker_concurrency - 1))
    caller = Caller(settings.image_url_policy)
    return PhotoSource(object_store, caller, settings.image_url_timeout, slots)


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


def _add_task(app: Celery, runner: JobRunner, hearing: Hearing) -> None:
    @app.task(name=TASK)  # type: ignore[untyped-decorator]
    def process_job(queue: str) -> None:
        with hearing.message():
            try:
                runner.run(Queue(queue))
            except DatabaseUnavailable:
                # Nothing was claimed; the sweeper publishes again.
                _log.warning("message.postponed", queue=queue)


def _keep_our_logs(**_: Any) -> None:
    """Do nothing: Celery configures logging unless somebody listens to this signal."""


def _listen_until_stopped(
    hearing: Hearing, leases: LeaseKeeper, sign: SignOfLife, grace: timedelta
) -> None:
    def on_ready(**_: Any) -> None:
        hearing.begin()

    def on_shutting_down(**_: Any) -> None:
        _log.info("worker.stopping", running=len(leases.held()))
        hearing.end()
        stop_after(grace)
        sign.end()

    worker_ready.connect(on_ready, weak=False)
    worker_shutting_down.connect(on_shutting_down, weak=False)
