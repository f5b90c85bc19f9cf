"""The hosted API's upload route: one photo in; its cut-outs, or the id of the job that makes them, out."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.admission.auth import current_caller, current_tenant
from api.answers.envelope import Describe, for_failure, respond
from api.intake.form import CutoutRequest, read_cutout_request
from api.intake.idempotency import read_idempotency_key
from api.intake.submission import find_earlier, submit
from api.services import Services
from shared.errors import ErrorCode, TryLater
from shared.job import LIVE, Job
from shared.jobs.envelope import Failure
from shared.settings.settings import Settings
from shared.wire.contract import TaskType

PATH = "/api/cutout/general/apparel-background-removal"

_NOT_YET = Failure(
    ErrorCode.AI_SERVICE_TIMEOUT,
    "The job is not finished yet, and goes on. Please query its result by the `task_id` of this answer.",
)


def create_blueprint(settings: Settings, services: Services, describe: Describe) -> Blueprint:
    """Make the route."""
    blueprint = Blueprint("cutout", __name__)
    patience = {
        TaskType.INLINE: settings.inline_wait,
        TaskType.SYNC: settings.sync_wait,
        TaskType.ASYNC: 0,
    }

    @blueprint.post(PATH)
    def cut_out() -> Response:
        key, tenant = read_idempotency_key(request), current_tenant()
        wanted = read_cutout_request(request)
        is_sync = wanted.task_type is TaskType.SYNC
        with services.long_polls.slot(tenant, patience[wanted.task_type]) as seconds:
            if is_sync and not seconds:
                return respond(describe(_find_finished(services, wanted, tenant, key)))
            job = submit(services, wanted, current_caller(), key)
            job = services.long_polls.watch(job, seconds)
        if is_sync and job.status in LIVE:
            return respond(for_failure(_NOT_YET, job))
        return respond(describe(job))

    return blueprint


def _find_finished(services: Services, wanted: CutoutRequest, tenant: str, key: str | None) -> Job:
    """Find the job that a `sync` post without a slot can be answered with: one that it repeats, and that is finished.

    Raises:
        TryLater: There is no such job, and none was made.
    """
    earlier = find_earlier(services, wanted, tenant, key)
    if earlier is None or earlier.status in LIVE:
        raise TryLater(
            ErrorCode.EXCEEDING_LIMITS,
            "No more requests of your account can wait for their result now. Please send this one again later, or "
            f"with `task_type={TaskType.ASYNC}` and query its result.",
            services.long_polls.slot_seconds,
        )
    return earlier
