"""What became of the webhook of a job, or of a batch, and how it is sent again."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response

from api.admission.auth import current_actor, current_tenant
from api.answers.batch_id import known, parse_batch_id
from api.answers.deliveries import for_deliveries
from api.answers.envelope import respond
from api.answers.job_id import parse_job_id, unknown_job
from api.routes import batches, jobs
from api.services import Services
from shared.errors import ErrorCode, Refused
from shared.webhooks.delivery import webhook_id_of

OF_A_JOB = f"{jobs.PATH}/<job_id>/deliveries"
OF_A_BATCH = f"{batches.ONE}/deliveries"
_REDELIVER = "/<delivery_id>/redeliver"


def create_blueprint(services: Services) -> Blueprint:
    """Make both routes, for jobs and for batches."""
    blueprint = Blueprint("deliveries", __name__)

    @blueprint.get(OF_A_JOB)
    def list_deliveries(job_id: str) -> Response:
        return _list(services, _own_job(services, job_id))

    @blueprint.post(OF_A_JOB + _REDELIVER)
    def redeliver(job_id: str, delivery_id: str) -> Response:
        return _redeliver(services, _own_job(services, job_id), delivery_id)

    @blueprint.get(OF_A_BATCH)
    def list_batch_deliveries(batch_id: str) -> Response:
        return _list(services, _own_batch(services, batch_id))

    @blueprint.post(OF_A_BATCH + _REDELIVER)
    def redeliver_batch(batch_id: str, delivery_id: str) -> Response:
        return _redeliver(services, _own_batch(services, batch_id), delivery_id)

    return blueprint


def _list(services: Services, about: uuid.UUID) -> Response:
    return respond(for_deliveries(services.deliveries.find(about)))


def _redeliver(services: Services, about: uuid.UUID, delivery_id: str) -> Response:
    is_known = delivery_id == webhook_id_of(about)
    if not (is_known and services.deliveries.redeliver(about, current_actor())):
        raise Refused(ErrorCode.ERROR_RESOURCE_NOT_FOUND, "There is no such delivery.")
    return _list(services, about)


def _own_job(services: Services, text: str) -> uuid.UUID:
    job_id = parse_job_id(text)
    if services.job_store.find(job_id, current_tenant()) is None:
        raise unknown_job()
    return job_id


def _own_batch(services: Services, text: str) -> uuid.UUID:
    return known(services.batches.find(parse_batch_id(text), current_tenant())).id
