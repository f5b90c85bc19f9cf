"""From a checked request to a stored job: object before row, row before message.

After a crash in between there is an object without a row, which its bucket forgets, or a row without a message,
which the sweeper publishes.
"""

from __future__ import annotations

import time
import uuid
from contextlib import suppress

from api.intake.form import CutoutRequest
from api.intake.idempotency import fingerprint_of, replay
from api.metrics import PUBLISH_FAILURES, UPLOAD_BYTES
from api.request_names import request_id
from api.resilience.circuit_breaker import CircuitOpen
from api.services import Services
from shared.errors import (
    BrokerUnavailable,
    CommitUncertain,
    DatabaseUnavailable,
    ObjectStoreUnavailable,
)
from shared.job import Job, NewJob, Queue, log_id_of
from shared.telemetry.job_metrics import count_accepted
from shared.telemetry.logs import about, get_logger
from shared.telemetry.tracing import TRACES
from shared.tenants.api_key import Caller
from shared.wire.contract import TaskType

log = get_logger(__name__)


def submit(
    services: Services, request: CutoutRequest, caller: Caller, idempotency_key: str | None
) -> Job:
    """Store a job and publish its message; or find the one that was stored under the same key.

    Raises:
        Refused: The key was used for something else.
        ObjectStoreUnavailable: Nothing is stored.
        DatabaseUnavailable: The same.
        CommitUncertain: The job may be stored, with its upload; then it will be worked on.
    """
    earlier = find_earlier(services, request, caller.tenant, idempotency_key)
    if earlier is not None:
        return earlier
    new = _new_job(request, caller, idempotency_key)
    began = time.perf_counter()
    if request.image:
        services.object_store.put_input(new.id, request.image)
    put = time.perf_counter()
    job = _insert(services, new, has_put=bool(request.image))
    if job is None:
        return _find_winner(services, new)
    count_accepted(job.queue)
    if request.image:
        UPLOAD_BYTES.observe(len(request.image))
    log.info(
        "job.queued",
        **about(job),
        tenant=job.tenant,
        key=job.key_id,
        queue=job.queue,
        bytes=job.input_bytes,
        **_size_of(request),
        store_ms=_milliseconds(put - began),
        insert_ms=_milliseconds(time.perf_counter() - put),
    )
    _publish(services, job)
    return job


def find_earlier(
    services: Services, request: CutoutRequest, tenant: str, idempotency_key: str | None
) -> Job | None:
    """Find the job that was stored under the same key, or of the same upload, if one was.

    Raises:
        Refused: The key was used for something else.
        DatabaseUnavailable: It cannot be read.
    """
    earlier = None
    if idempotency_key is not None:
        earlier = services.job_store.find_by_idempotency_key(idempotency_key, tenant)
    if earlier is None and request.upload is not None:
        earlier = services.job_store.find(request.upload, tenant)
    if earlier is None:
        return None
    return replay(earlier, _fingerprint_of(request))


def _new_job(request: CutoutRequest, caller: Caller, idempotency_key: str | None) -> NewJob:
    job_id = request.upload or uuid.uuid4()
    return NewJob(
        id=job_id,
        log_id=log_id_of(job_id),
        tenant=caller.tenant,
        key_id=caller.key_id or None,
        queue=Queue.BULK if request.task_type is TaskType.ASYNC else Queue.INTERACTIVE,
        options=request.options.words,
        tags=request.tags,
        input_bytes=len(request.image),
        fingerprint=_fingerprint_of(request),
        # Not part of what two requests must have in common: the key says it, not the request.
        callback_url=request.callback_url or caller.callback_url,
        idempotency_key=idempotency_key,
        image_url=request.image_url,
        traceparent=request.traceparent,
        request_id=request_id(),
    )


def _fingerprint_of(request: CutoutRequest) -> str:
    return fingerprint_of(
        request.photo, request.options_as_sent, request.tags, request.callback_url
    )


def _insert(services: Services, new: NewJob, *, has_put: bool) -> Job | None:
    """Store the row; if it is certain that there is none, delete the input that was put."""
    may_be_stored = False
    try:
        job = services.job_store.create(new)
        may_be_stored = job is not None
    except CommitUncertain:
        # A row without its upload would fail, and under an idempotency key the client's next try with it.
        may_be_stored = True
        raise
    finally:
        if has_put and not may_be_stored:
            # Best effort: the bucket forgets it in any case.
            with suppress(ObjectStoreUnavailable):
                services.object_store.delete_input(new.id)
    return job


def _find_winner(services: Services, new: NewJob) -> Job:
    """Find the job that took the idempotency key, or the upload, a moment ago."""
    winner = services.job_store.find_by_idempotency_key(new.idempotency_key or "", new.tenant)
    winner = winner or services.job_store.find(new.id, new.tenant)
    if winner is None:
        # It expired within this moment. The client's next try will find the key free.
        raise DatabaseUnavailable("the job of this idempotency key has just expired")
    return replay(winner, new.fingerprint)


def _publish(services: Services, job: Job) -> None:
    """Publish the message of a job; its row is stored, so no failure here is the client's."""
    try:
        with TRACES.span("publish"), services.redis_circuit.call():
            services.broker.publish(job.queue)
    except (BrokerUnavailable, CircuitOpen) as error:
        PUBLISH_FAILURES.inc()
        log.warning("job.unpublished", **about(job), reason=str(error))
        # Without this word the sweeper takes the message for lost after a while.
        with suppress(DatabaseUnavailable):
            services.job_store.mark_unpublished([job.id])


def _size_of(request: CutoutRequest) -> dict[str, int]:
    """Tell a photo's size, for the log, if it is here already."""
    header = request.header
    return {} if header is None else {"width": header.width, "height": header.height}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
