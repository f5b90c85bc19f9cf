"""Uploads past the front end: a form that the object store itself takes a photo by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, request
from typing_extensions import TypedDict

from api.admission.auth import current_tenant
from api.answers.envelope import for_data, respond
from api.intake.direct_upload import new_upload_id
from api.services import Services
from shared.errors import ErrorCode, Refused
from shared.settings.settings import Settings
from shared.wire.contract import MAX_IMAGE_BYTES
from shared.wire.types import JobName, Time, Url, rfc3339

PATH = "/v1/uploads"

CREATED = 201
#: How long a signed upload may be used. Shorter than any deadline: what is uploaded for an erased job is deleted then.
_LIFETIME = timedelta(minutes=15)


class UploadForm(TypedDict):
    """Where and how to upload a photo."""

    upload: JobName
    url: Url
    #: Of the form, before the file.
    fields: dict[str, str]
    max_bytes: int
    expires_at: Time


def create_blueprint(settings: Settings, services: Services) -> Blueprint:
    """Make the route."""
    blueprint = Blueprint("uploads", __name__)
    lifetime = min(_LIFETIME, timedelta(seconds=settings.deadline))

    @blueprint.post(PATH)
    def create_upload() -> Response:
        if not settings.direct_uploads:
            raise Refused(
                ErrorCode.ERROR_RESOURCE_NOT_FOUND,
                "Direct uploads are switched off here. Send the photo to `/v1/jobs`.",
            )
        upload_id, expires_at = new_upload_id(current_tenant()), datetime.now(UTC) + lifetime
        url, fields = services.object_store.sign_upload(
            upload_id, expires_at, MAX_IMAGE_BYTES, request.headers.get("Host", "")
        )
        form = UploadForm(
            upload=str(upload_id),
            url=url,
            fields=fields,
            max_bytes=MAX_IMAGE_BYTES,
            expires_at=rfc3339(expires_at),
        )
        return respond(for_data(form, CREATED))

    return blueprint
