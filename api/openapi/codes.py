"""Which errors come together: what a kind of operation can answer besides success."""

from __future__ import annotations

from shared.errors import ErrorCode

#: Of every operation.
ANY = (ErrorCode.ERROR_PARAMETERS, ErrorCode.UNKNOWN_ERROR)
#: Of one that takes a key.
KEYED = (
    ErrorCode.ERROR_USER_NOT_EXISTS,
    ErrorCode.ERROR_PERMISSION_DENIED,
    ErrorCode.ERROR_RESOURCE_UNAVAILABLE,
    *ANY,
)
#: Of one that has a body, and counts in the rate of uploads.
WITH_BODY = (
    ErrorCode.ERROR_INVALID_PARAMETER,
    ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE,
    ErrorCode.EXCEEDING_LIMITS,
    *KEYED,
)
#: Of a job that was there.
GONE = (ErrorCode.ERROR_TASK_REVOKED, ErrorCode.ERROR_RESOURCE_RECLAIMED)
#: Of one that names a job.
ONE_JOB = (ErrorCode.ERROR_RESOURCE_NOT_FOUND, *GONE, *KEYED)
#: Of one that takes a photo.
UPLOAD = (
    ErrorCode.MISSING_PARAMETERS,
    ErrorCode.ERROR_INVALID_PARAMETER,
    ErrorCode.FILE_SIZE_EXCEEDS_LIMIT,
    ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE,
    ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS,
    ErrorCode.UNSUPPORTED_FILE_TYPES,
    ErrorCode.ERROR_LOW_RESOLUTION,
    ErrorCode.FILE_DECODING_FAILURE,
    ErrorCode.ERROR_CONTENT_NON_COMPLIANCE,
    ErrorCode.EXCEEDING_LIMITS,
    ErrorCode.ERROR_INSUFFICIENT_RESOURCES,
    *GONE,
    *KEYED,
)
#: Of a photo that is not in the form.
ELSEWHERE = (ErrorCode.IMAGE_URL_NOT_ALLOWED, ErrorCode.ERROR_RESOURCE_NOT_FOUND)
