"""What gunicorn starts: `gunicorn -c deploy/gunicorn.conf.py "api.wsgi:create_app()"`.

It is called in each gunicorn worker after the fork and after gevent's patches, so connections are the worker's own
and threads are greenlets.
"""

from __future__ import annotations

from datetime import timedelta

import redis
from flask import Flask
from gunicorn.errors import AppImportError

from api import app
from api.admission.backlog_cache import BacklogCache
from api.admission.last_uses import LastUses
from api.admission.rate_limiter import RateLimiter, connect_storage
from api.answers.long_poll import LongPolls
from api.resilience.database_turnstile import DatabaseTurnstile
from api.resilience.redis_pool import impatient_pool, redis_circuit
from api.services import Services
from shared.batches.store import BatchStore
from shared.errors import Misconfigured
from shared.jobs.store import JobStore, limits_of
from shared.messaging.broker import Broker
from shared.objects.store import ObjectStore
from shared.operations.fleet import Fleet
from shared.operations.overview import Lookout
from shared.operations.samples import Samples
from shared.settings.settings import Settings, load_settings
from shared.sql.database import open_database
from shared.sql.engine import connections_of
from shared.telemetry.logs import get_logger, set_up_logs
from shared.telemetry.server import serve_metrics
from shared.telemetry.tracing import TRACES
from shared.tenants.audit import AuditLog
from shared.tenants.key_store import KeyStore
from shared.tenants.usage import Usage
from shared.webhooks.deliveries import Deliveries


def create_app() -> Flask:
    """Start a front end with real services, as the environment says.

    Raises:
        AppImportError: A setting is not usable. gunicorn prints the one line, and ends.
    """
    try:
        settings = load_settings()
        set_up_logs(settings)
        TRACES.send_to(settings.traces_url, "cutwork-front-end")
        services = create_services(settings)
        serve_metrics(str(settings.metrics_host), settings.metrics_port, is_shared=True)
    except Misconfigured as error:
        raise AppImportError(f"cutwork: {error}") from None
    services.long_polls.start()
    services.last_uses.start()
    get_logger(__name__).info("front_end.started", keyless=settings.keyless)
    return app.create_app(settings, services)


def create_services(settings: Settings) -> Services:
    """Make real services; nothing is connected yet.

    Raises:
        Misconfigured: A setting is not usable.
    """
    # With what it takes to find out that a new connection gets no answer either, a client waits for twice as long.
    turnstile = DatabaseTurnstile(connections_of(settings))
    database = open_database(settings, settings.database_request_timeout, turnstile.passing)
    job_store, key_store = JobStore(database, limits_of(settings)), KeyStore(database)
    broker, circuit = Broker(settings), redis_circuit()
    return Services(
        job_store=job_store,
        key_store=key_store,
        last_uses=LastUses(key_store),
        audit=AuditLog(database),
        object_store=ObjectStore(settings),
        broker=broker,
        database=database,
        deliveries=Deliveries(database),
        batches=BatchStore(database, timedelta(seconds=settings.deadline)),
        usage=Usage(database),
        lookout=Lookout(settings, job_store, broker, Fleet(settings)),
        samples=Samples(database),
        long_polls=LongPolls(settings, job_store),
        redis_circuit=circuit,
        rate_limiter=RateLimiter(connect_storage(settings), settings.rate_per_minute, circuit),
        backlog_cache=BacklogCache(redis.Redis(connection_pool=impatient_pool(settings)), circuit),
    )
