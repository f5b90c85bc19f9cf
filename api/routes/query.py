"""The hosted API's query route: what has become of a job."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.admission.auth import current_tenant
from api.answers.envelope import Describe, respond
from api.answers.job_id import parse_job_id, unknown_job
from api.answers.wait_parameter import read_wait
from api.services import Services
from shared.errors import ErrorCode, Refused

PATH = "/api/common/query-async-task-result"


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
        seconds = read_wait(request.args)
        job = services.long_polls.wait(parse_job_id(task_id), current_tenant(), seconds)
        if job is None:
            raise unknown_job()
        return respond(describe(job))

    return blueprint
