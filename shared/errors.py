"""The error catalogue, and the exceptions that carry its codes.

Every error a client can see is a row of `CATALOGUE`. Which HTTP answer it becomes is decided in
`api.answers.error_handlers` alone, whether a job is tried again in `worker.jobs.runner` alone. Whether a client should
repeat its request stands here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class ErrorCode(StrEnum):
    """The string codes of `error_detail.code`."""

    MISSING_PARAMETERS = "MISSING_PARAMETERS"
    ERROR_INVALID_PARAMETER = "ERROR_INVALID_PARAMETER"
    ERROR_PARAMETERS = "ERROR_PARAMETERS"
    ERROR_USER_NOT_EXISTS = "ERROR_USER_NOT_EXISTS"
    ERROR_PERMISSION_DENIED = "ERROR_PERMISSION_DENIED"
    ERROR_RESOURCE_NOT_FOUND = "ERROR_RESOURCE_NOT_FOUND"
    ERROR_ILLEGAL_OPERATION = "ERROR_ILLEGAL_OPERATION"
    ERROR_TASK_REVOKED = "ERROR_TASK_REVOKED"
    ERROR_RESOURCE_RECLAIMED = "ERROR_RESOURCE_RECLAIMED"
    FILE_SIZE_EXCEEDS_LIMIT = "FILE_SIZE_EXCEEDS_LIMIT"
    ERROR_REQUEST_BODY_TOO_LARGE = "ERROR_REQUEST_BODY_TOO_LARGE"
    FILE_RESOLUTION_EXCEEDS_LIMITS = "FILE_RESOLUTION_EXCEEDS_LIMITS"
    UNSUPPORTED_FILE_TYPES = "UNSUPPORTED_FILE_TYPES"
    ERROR_LOW_RESOLUTION = "ERROR_LOW_RESOLUTION"
    FILE_DECODING_FAILURE = "FILE_DECODING_FAILURE"
    ERROR_NO_RECOGNITION_TARGET_DETECTED = "ERROR_NO_RECOGNITION_TARGET_DETECTED"
    ERROR_CONTENT_NON_COMPLIANCE = "ERROR_CONTENT_NON_COMPLIANCE"
    IMAGE_URL_NOT_ALLOWED = "IMAGE_URL_NOT_ALLOWED"
    IMAGE_URL_UNREACHABLE = "IMAGE_URL_UNREACHABLE"
    IMAGE_URL_TIMEOUT = "IMAGE_URL_TIMEOUT"
    UPLOAD_MISSING = "UPLOAD_MISSING"
    BATCH_REFUSED = "BATCH_REFUSED"
    EXCEEDING_LIMITS = "EXCEEDING_LIMITS"
    PROCESSING_FAILURE = "PROCESSING_FAILURE"
    UNKNOWN_ERROR = "UNKNOWN_ERROR"
    ERROR_INSUFFICIENT_RESOURCES = "ERROR_INSUFFICIENT_RESOURCES"
    ERROR_RESOURCE_UNAVAILABLE = "ERROR_RESOURCE_UNAVAILABLE"
    AI_SERVICE_TIMEOUT = "AI_SERVICE_TIMEOUT"


class CatalogueEntry(NamedTuple):
    """What a code always means on the wire."""

    http_status: int
    #: The vendor's fixed text, `error_detail.code_message`.
    text: str
    #: Whether the same request may succeed later.
    passes: bool = False


_PLATFORM = "Please try again later. If not resolved promptly, contact the platform."

CATALOGUE: dict[ErrorCode, CatalogueEntry] = {
    ErrorCode.MISSING_PARAMETERS: CatalogueEntry(400, "Missing parameters."),
    ErrorCode.ERROR_INVALID_PARAMETER: CatalogueEntry(400, "Invalid parameter."),
    ErrorCode.ERROR_PARAMETERS: CatalogueEntry(400, "Invalid parameters."),
    ErrorCode.ERROR_USER_NOT_EXISTS: CatalogueEntry(401, "The user does not exist."),
    ErrorCode.ERROR_PERMISSION_DENIED: CatalogueEntry(403, "Permission denied."),
    ErrorCode.ERROR_RESOURCE_NOT_FOUND: CatalogueEntry(404, "Resource not found."),
    ErrorCode.ERROR_ILLEGAL_OPERATION: CatalogueEntry(405, "Illegal operation."),
    ErrorCode.ERROR_TASK_REVOKED: CatalogueEntry(410, "Task has already been revoked."),
    ErrorCode.ERROR_RESOURCE_RECLAIMED: CatalogueEntry(410, "Resource has been reclaimed."),
    ErrorCode.FILE_SIZE_EXCEEDS_LIMIT: CatalogueEntry(413, "File size exceeds limit."),
    ErrorCode.ERROR_REQUEST_BODY_TOO_LARGE: CatalogueEntry(413, "Request body size exceeds limit."),
    ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS: CatalogueEntry(
        413, "File resolution exceeds limits."
    ),
    ErrorCode.UNSUPPORTED_FILE_TYPES: CatalogueEntry(415, "Unsupported file types."),
    ErrorCode.ERROR_LOW_RESOLUTION: CatalogueEntry(422, "File resolution too low."),
    ErrorCode.FILE_DECODING_FAILURE: CatalogueEntry(422, "File decoding failed."),
    ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED: CatalogueEntry(
        422, "No recognition target detected in the image."
    ),
    ErrorCode.ERROR_CONTENT_NON_COMPLIANCE: CatalogueEntry(
        422, "Content does not meet requirements."
    ),
    ErrorCode.IMAGE_URL_NOT_ALLOWED: CatalogueEntry(422, "Image URL not allowed."),
    ErrorCode.IMAGE_URL_UNREACHABLE: CatalogueEntry(422, "Image URL cannot be reached."),
    ErrorCode.IMAGE_URL_TIMEOUT: CatalogueEntry(422, "Image URL did not answer in time."),
    ErrorCode.UPLOAD_MISSING: CatalogueEntry(422, "Upload has not arrived."),
    ErrorCode.BATCH_REFUSED: CatalogueEntry(422, "The batch has lines that cannot be taken."),
    ErrorCode.EXCEEDING_LIMITS: CatalogueEntry(429, "Exceeds limit.", passes=True),
    ErrorCode.PROCESSING_FAILURE: CatalogueEntry(500, "Processing failed."),
    ErrorCode.UNKNOWN_ERROR: CatalogueEntry(500, f"Unknown error. {_PLATFORM}", passes=True),
    ErrorCode.ERROR_INSUFFICIENT_RESOURCES: CatalogueEntry(
        503, "Insufficient resources.", passes=True
    ),
    ErrorCode.ERROR_RESOURCE_UNAVAILABLE: CatalogueEntry(
        503, "Resource temporarily unavailable.", passes=True
    ),
    ErrorCode.AI_SERVICE_TIMEOUT: CatalogueEntry(504, f"AI service timeout. {_PLATFORM}"),
}

#: What can become of a job that was accepted, short of success.
JOB_FAILURES = (
    ErrorCode.ERROR_INVALID_PARAMETER,
    # Of a photo that a worker fetched.
    ErrorCode.IMAGE_URL_NOT_ALLOWED,
    ErrorCode.IMAGE_URL_UNREACHABLE,
    ErrorCode.IMAGE_URL_TIMEOUT,
    ErrorCode.UPLOAD_MISSING,
    ErrorCode.FILE_SIZE_EXCEEDS_LIMIT,
    ErrorCode.FILE_RESOLUTION_EXCEEDS_LIMITS,
    ErrorCode.UNSUPPORTED_FILE_TYPES,
    ErrorCode.ERROR_LOW_RESOLUTION,
    # Of each.
    ErrorCode.FILE_DECODING_FAILURE,
    ErrorCode.ERROR_NO_RECOGNITION_TARGET_DETECTED,
    ErrorCode.PROCESSING_FAILURE,
    ErrorCode.AI_SERVICE_TIMEOUT,
)


def code_of(word: str) -> ErrorCode:
    """Read the code that a row has; one of a newer release is a failure like any other."""
    try:
        return ErrorCode(word)
    except ValueError:
        return ErrorCode.PROCESSING_FAILURE


class CutworkError(Exception):
    """Root of everything this project raises on purpose."""


class Refused(CutworkError):
    """Raised when the same request, or the same photo, would fail again and again.

    Attributes:
        code: The row of the catalogue.
        message: For the client: what to change. Never a path, a host or another tenant's data.
    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        """Keep both parts of the answer."""
        super().__init__(message)
        self.code = code
        self.message = message


class TryLater(CutworkError):
    """Raised when a quota is used up: the same request will be taken later.

    Attributes:
        code: The row of the catalogue.
        message: For the client: what is used up.
        seconds: An honest estimate of how much later.
    """

    def __init__(self, code: ErrorCode, message: str, seconds: float) -> None:
        """Keep all parts of the answer."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.seconds = seconds


class TryAgain(CutworkError):
    """Raised when another attempt may succeed; if there is none left, it says what the job fails with.

    Attributes:
        code: The row of the catalogue.
        message: For the client.
    """

    def __init__(self, code: ErrorCode, message: str) -> None:
        """Keep both parts of the answer."""
        super().__init__(message)
        self.code = code
        self.message = message


class Unavailable(CutworkError):
    """Raised when something this service stands on does not answer; trying later can help."""


class DatabaseUnavailable(Unavailable):
    """The job table cannot be reached."""


class SchemaUnfit(DatabaseUnavailable):
    """The job table is there, and this code cannot run on it; the message says what to do."""


class CommitUncertain(DatabaseUnavailable):
    """The answer to a COMMIT was lost: what it wrote may be there, or not."""


class ObjectStoreUnavailable(Unavailable):
    """The object store cannot be reached."""


class BrokerUnavailable(Unavailable):
    """Redis cannot be reached; the sweeper publishes later what could not be published now."""


class FromNewerRelease(Unavailable):
    """Raised where a row must be understood that a newer release has written; its processes can, beside or after us."""


class InferenceFailed(CutworkError):
    """Raised when the network did not give a usable answer; another attempt may."""


class DevicePoisoned(CutworkError):
    """Raised when the device that runs the network fails at what it did before: only a new process may get it back."""


class ObjectMissing(CutworkError):
    """Raised when the object store answers, and does not have the object."""


class Misconfigured(CutworkError):
    """Raised at start, with one line that says which setting to change."""
