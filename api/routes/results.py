"""One result of a job from the service itself, by its file name: for clients that the store is closed to."""

from __future__ import annotations

from flask import Blueprint, Response

from api.admission.auth import current_tenant
from api.answers.file_names import file_name_of, stem_of
from api.answers.job_id import parse_job_id, unknown_job
from api.routes.jobs import PATH as JOBS
from api.services import Services
from shared.errors import ErrorCode, ObjectMissing, Refused
from shared.job import LIVE, Job, JobStatus
from shared.jobs.envelope import failure_of, names_of_results

PATH = f"{JOBS}/<job_id>/results/<file_name>"


def create_blueprint(services: Services) -> Blueprint:
    """Make the route."""
    blueprint = Blueprint("results", __name__)

    @blueprint.get(PATH)
    def download_result(job_id: str, file_name: str) -> Response:
        job = services.job_store.find(parse_job_id(job_id), current_tenant())
        if job is None:
            raise unknown_job()
        picture_format = job.options.rendition.format
        files = {f"{name}.{picture_format}": name for name in _names(job)}
        if file_name not in files:
            raise _missing(f"It has: {', '.join(files)}.")
        try:
            content = services.object_store.get_result(job, files[file_name])
        except ObjectMissing:
            raise _missing("It was deleted a moment ago.") from None
        response = Response(content, mimetype=picture_format.media_type)
        saved_as = file_name_of(job, files[file_name], stem_of(job))
        response.headers.set("Content-Disposition", "attachment", filename=saved_as)
        return response

    return blueprint


def _names(job: Job) -> list[str]:
    failure = failure_of(job)
    if failure is not None:
        if job.seen_as is JobStatus.FAILED:
            raise _missing(f"It failed: {failure.code}.")
        raise Refused(failure.code, failure.message)
    if job.status in LIVE:
        raise _missing("It has not finished yet.")
    return names_of_results(job)


def _missing(reason: str) -> Refused:
    return Refused(
        ErrorCode.ERROR_RESOURCE_NOT_FOUND, f"This job has no result of that name. {reason}"
    )
