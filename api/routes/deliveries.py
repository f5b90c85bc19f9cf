"""What became of a job's webhooks, and how one is sent again."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response

from api.admission.auth import current_tenant
from api.answers.deliveries import for_deliveries
from api.answers.envelope import respond
from api.answers.job_id import parse_job_id, unknown_job
from api.routes import jobs
from api.services import Services
from shared.errors import ErrorCode, Refused
from shared.webhooks.delivery import webhook_id_of

PATH = f"{jobs.PATH}/<job_id>/deliveries"
REDELIVER = f"{PATH}/<delivery_id>/redeliver"


def create_blueprint(services: Services) -> Blueprint:
    """Make both routes."""
    blueprint = Blueprint("deliveries", __name__)

    @blueprint.get(PATH)
    def list_deliveries(job_id: str) -> Response:
        known = _own_job(services, job_id)
        return respond(for_deliveries(services.deliveries.find(known)))

    @blueprint.post(REDELIVER)
    def redeliver(job_id: str, delivery_id: str) -> Response:
        known = _own_job(services, job_id)
        if delivery_id != webhook_id_of(known) or not services.deliveries.redeliver(known):
            raise Refused(ErrorCode.ERROR_RESOURCE_NOT_FOUND, "The job has no such delivery.")
        return respond(for_deliveries(services.deliveries.find(known)))

    return blueprint


def _own_job(services: Services, text: str) -> uuid.UUID:
    job_id = parse_job_id(text)
    if services.job_store.find(job_id, current_tenant()) is None:
        raise unknown_job()
    return job_id
