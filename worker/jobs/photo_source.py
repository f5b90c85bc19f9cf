"""A job's photo: as it was uploaded, or fetched from where its client said.

What was fetched is kept as an upload is, before anything is decoded: another attempt needs no second fetch, and has the
same photo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import BoundedSemaphore

from shared.errors import CutworkError, ErrorCode, ObjectMissing, Refused, TryAgain
from shared.image_files.header import check_length, read_header
from shared.job import Job
from shared.objects.store import ObjectStore
from shared.outgoing.call import Answer, Limits
from shared.outgoing.caller import Caller
from shared.outgoing.failure import PASSING, CallFailed, Reason
from shared.telemetry.logs import about, get_logger
from shared.wire.contract import MAX_IMAGE_BYTES

_log = get_logger(__name__)

_REDIRECTS = 5
#: How long a job waits for a place to fetch its photo, before it is put back.
_PATIENCE_SECONDS = 0.5
_OK = 200
#: Statuses of the server after which another try may succeed.
_PASSING_STATUSES = frozenset({408, 425, 429, *range(500, 600)})
_CODES = {
    Reason.REFUSED: ErrorCode.IMAGE_URL_NOT_ALLOWED,
    Reason.TIMED_OUT: ErrorCode.IMAGE_URL_TIMEOUT,
    Reason.TOO_LARGE: ErrorCode.FILE_SIZE_EXCEEDS_LIMIT,
}
_NEVER_CAME = (
    "No photo had arrived under this upload when the job's turn came. Ask for a new one with `POST /v1/uploads`, send "
    "the photo, and name the upload when the object store has answered."
)
#: What a server sends for a page that shows a photo, or in place of one.
_NO_PHOTO = ("text/", "application/json", "application/xml", "application/xhtml")


class FetchesTaken(CutworkError):
    """Raised when as many photos are being fetched as may be: the job can come back later."""


@dataclass(frozen=True)
class PhotoSource:
    """Where a worker gets photos from; safe to use from many threads."""

    object_store: ObjectStore
    caller: Caller
    #: The most that one fetch may take.
    seconds: float
    #: How many threads may fetch at once. The others go on working while servers are slow.
    slots: BoundedSemaphore = field(default_factory=BoundedSemaphore)

    def read(self, job: Job) -> bytes:
        """Read the upload, or fetch the photo if no attempt before has done so.

        Raises:
            Refused: What the URL leads to cannot become a job's photo, or the direct upload never came.
            TryAgain: Its server did not give the photo this time.
            FetchesTaken: The job was not begun.
            ObjectMissing: The upload is gone that a front end had stored.
            ObjectStoreUnavailable: It cannot be read, or what was fetched not be kept.
        """
        try:
            # Of a direct upload no front end has seen how long it is.
            return check_length(self.object_store.get_input(job.id))
        except ObjectMissing:
            if job.input_bytes:
                raise
            if job.image_url is None:
                raise Refused(ErrorCode.UPLOAD_MISSING, _NEVER_CAME) from None
        photo = self._fetch(job, job.image_url)
        self.object_store.put_input(job.id, photo)
        return photo

    def _fetch(self, job: Job, url: str) -> bytes:
        if not self.slots.acquire(timeout=_PATIENCE_SECONDS):
            raise FetchesTaken("other photos are being fetched")
        limits = Limits(max_bytes=MAX_IMAGE_BYTES, seconds=self.seconds, redirects=_REDIRECTS)
        try:
            answer = self.caller.get(url, limits)
        except CallFailed as error:
            _log.info("photo.not_fetched", **about(job), reason=error.reason.name)
            raise _translated(error) from None
        finally:
            self.slots.release()
        _log.info("photo.answered", **about(job), status=answer.status, bytes=len(answer.body))
        _check(answer)
        return answer.body


def _translated(error: CallFailed) -> Refused | TryAgain:
    code = _CODES.get(error.reason, ErrorCode.IMAGE_URL_UNREACHABLE)
    kind = TryAgain if error.reason in PASSING else Refused
    return kind(code, error.message)


def _check(answer: Answer) -> None:
    """Check a photo as an upload is checked."""
    if answer.status != _OK:
        kind = TryAgain if answer.status in _PASSING_STATUSES else Refused
        raise kind(
            ErrorCode.IMAGE_URL_UNREACHABLE,
            f"The URL's host answers {answer.status}. See that anybody can open the URL, and that it is still valid.",
        )
    try:
        read_header(answer.body)
    except Refused as error:
        content_type = answer.headers.get("content-type", "").strip().lower()
        if error.code is ErrorCode.UNSUPPORTED_FILE_TYPES and content_type.startswith(_NO_PHOTO):
            raise Refused(
                error.code,
                "The URL leads to a page or a text, not to a photo. Send the URL of the file itself.",
            ) from None
        raise
