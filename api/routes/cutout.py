"""The hosted API's upload route: one photo in; its cut-outs, or the id of the job that makes them, out."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.auth import current_tenant
from api.envelope import Failure, for_failure, for_job, respond
from api.form import read_cutout_request
from api.idempotency import read_idempotency_key
from api.services import Services
from api.submission import submit
from shared.contract import TaskType
from shared.errors import ErrorCode
from shared.job import LIVE
from shared.settings import Settings

PATH = "/api/cutout/general/apparel-background-removal"

_NOT_YET = Failure(
    ErrorCode.AI_SERVICE_TIMEOUT,
    "The job is not finished yet, and goes on. Please query its result by the `task_id` of this answer.",
)


def create_blueprint(settings: Settings, services: Services) -> Blueprint:
    """Make the route."""
    blueprint = Blueprint("cutout", __name__)
    patience = {
        TaskType.INLINE: settings.inline_wait,
        TaskType.SYNC: settings.sync_wait,
        TaskType.ASYNC: 0,
    }

    @blueprint.post(PATH)
    def cut_out() -> Response:
        key = read_idempotency_key(request)
        wanted = read_cutout_request(request)
        job = submit(services, wanted, current_tenant(), key)
        job = services.waiting_room.watch(job, patience[wanted.task_type])
        if wanted.task_type is TaskType.SYNC and job.status in LIVE:
            return respond(for_failure(_NOT_YET, job))
        return respond(for_job(job, services.object_store.sign_result))

    return blueprint
