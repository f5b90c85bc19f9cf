"""What the front end stands on, made by `wsgi` or by a test."""

from __future__ import annotations

from dataclasses import dataclass

from api.admission.backlog_cache import BacklogCache
from api.admission.last_uses import LastUses
from api.admission.rate_limiter import RateLimiter
from api.answers.long_poll import LongPolls
from api.resilience.circuit_breaker import CircuitBreaker
from shared.batches.store import BatchStore
from shared.jobs.store import JobStore
from shared.messaging.broker import Broker
from shared.objects.store import ObjectStore
from shared.operations.overview import Lookout
from shared.operations.samples import Samples
from shared.sql.database import Database
from shared.tenants.audit import AuditLog
from shared.tenants.key_store import KeyStore
from shared.tenants.usage import Usage
from shared.webhooks.deliveries import Deliveries


@dataclass(frozen=True, kw_only=True)
class Services:
    """One of each, shared by all requests of a process."""

    job_store: JobStore
    key_store: KeyStore
    last_uses: LastUses
    audit: AuditLog
    object_store: ObjectStore
    broker: Broker
    #: Through which all of them ask Redis; readiness alone looks past it.
    redis_circuit: CircuitBreaker
    #: For the readiness check; everything else goes through the stores.
    database: Database
    deliveries: Deliveries
    batches: BatchStore
    usage: Usage
    #: Both look at the whole installation, for operators.
    lookout: Lookout
    samples: Samples
    long_polls: LongPolls
    rate_limiter: RateLimiter
    backlog_cache: BacklogCache
