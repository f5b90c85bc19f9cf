"""The hosted API's query route: what has become of a job."""

from __future__ import annotations

import math

from flask import Blueprint, Response, request

from api.admission.auth import current_tenant
from api.answers.envelope import Describe, respond
from api.answers.job_id import parse_job_id, unknown_job
from api.services import Services
from shared.errors import ErrorCode, Refused

PATH = "/api/common/query-async-task-result"

#: The longest time a client can wait, in seconds; one that asks for more waits this long.
MAX_WAIT = 30.0


def create_blueprint(services: Services, describe: Describe) -> Blueprint:
    """Make the route."""
    blueprint = Blueprint("query", __name__)

    @blueprint.get(PATH)
    def query_result() -> Response:
        task_id = request.args.get("task_id", "")
        if not task_id:
            raise Refused(
                ErrorCode.MISSING_PARAMETERS, "Send the id of the task as `?task_id=<id>`."
            )
        seconds = _wait_seconds(request.args.get("wait", ""))
        job = services.long_polls.wait(parse_job_id(task_id), current_tenant(), seconds)
        if job is None:
            raise unknown_job()
        return respond(describe(job))

    return blueprint


def _wait_seconds(text: str) -> float:
    try:
        seconds = float(text or 0)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise Refused(
            ErrorCode.ERROR_INVALID_PARAMETER,
            f"`wait` must be a number of seconds from 0 to {MAX_WAIT:g}.",
        )
    return min(seconds, MAX_WAIT)
