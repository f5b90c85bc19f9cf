"""All results of several jobs in one file."""

from __future__ import annotations

from itertools import chain

from flask import Blueprint, Response, request

from api.admission.auth import current_tenant
from api.answers.archive import Archive
from api.answers.job_ids import name_jobs, parse_ids, read_ids
from api.answers.zip_stream import zip_stream
from api.services import Services
from shared.errors import ErrorCode, Refused

PATH = "/v1/results.zip"
MEDIA_TYPE = "application/zip"


def create_blueprint(services: Services) -> Blueprint:
    """Make the route."""
    blueprint = Blueprint("archive", __name__)

    @blueprint.get(PATH)
    def download_results() -> Response:
        named = read_ids(request.args)
        if not named:
            raise Refused(ErrorCode.MISSING_PARAMETERS, "Name the jobs: `?ids=a,b,…`.")
        parsed = parse_ids(named)
        jobs = services.job_store.find_all(set(parsed.values()), current_tenant())
        members = Archive(services.object_store, named, name_jobs(parsed, jobs)).members()
        pieces = zip_stream(members)
        # A store that is away is an error like any other as long as nothing was sent.
        first = next(pieces)
        response = Response(chain([first], pieces), mimetype=MEDIA_TYPE)
        response.headers["Content-Disposition"] = 'attachment; filename="cutwork.zip"'
        return response

    return blueprint
