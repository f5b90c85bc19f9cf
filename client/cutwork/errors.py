"""What can go wrong, as exceptions: by what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutwork.jobs import Job

#: Answers of a service, or of something before it, that has no room.
NO_ROOM = frozenset({429, 503})


class CutworkError(Exception):
    """Whatever this package raises on purpose."""


class Unusable(CutworkError):
    """Something on this machine is not as it must be: an option, a file, a folder."""


class NoKey(CutworkError):
    """No key is known for this service."""


class Unreachable(CutworkError):
    """No answer came, or none that is Cutwork's. The same request may succeed later."""


class Refusal(CutworkError):
    """The service answered with an error. The same request would be refused again."""

    def __init__(self, status: int, code: str, message: str, log_id: str = "") -> None:
        """Tell it in the service's words.

        Args:
            status: The HTTP status.
            code: The error's code, such as FILE_DECODING_FAILURE.
            message: What to change.
            log_id: Finds the request in the service's logs.
        """
        super().__init__(f"{code or status}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.log_id = log_id


class KeyRefused(Refusal):
    """The key is unknown, revoked, expired, or made for less than this."""


class TryLater(Refusal):
    """The service cannot do it now. The same request may succeed later."""

    #: Seconds that the service asks for; None: it does not say.
    retry_after: float | None = None

    @property
    def is_for_all(self) -> bool:
        """Whether the service has no room: then other requests need not be tried either."""
        return self.status in NO_ROOM


class JobFailed(CutworkError):
    """A job ended without pictures."""

    def __init__(self, job: Job) -> None:
        """Tell why, in the service's words."""
        failure = job.failure
        super().__init__(f"{failure.code}: {failure.message}" if failure else f"{job.status}")
        self.job = job
