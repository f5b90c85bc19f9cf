"""What can go wrong. There is an exception for each thing that the caller can do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutwork.jobs import Job

#: Statuses with which a service, or a proxy before it, says that it has no room.
NO_ROOM = frozenset({429, 503})


class CutworkError(Exception):
    """The base of all errors of this package."""


class Unusable(CutworkError):
    """Something on this machine is not as it must be: an option, a file, a folder."""


class NoKey(CutworkError):
    """No key is known for this service."""


class Unreachable(CutworkError):
    """No answer came, or something else than Cutwork answered. The same request may succeed later."""


class Refusal(CutworkError):
    """The service answered with an error. The same request would be refused again."""

    def __init__(self, status: int, code: str, message: str, log_id: str = "") -> None:
        """Say it in the service's words.

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
    """The key is unknown, revoked or expired, or its scopes do not cover the request."""


class TryLater(Refusal):
    """The service cannot do it now. The same request may succeed later."""

    #: Seconds that the service asks for; None: it does not say.
    retry_after: float | None = None

    @property
    def is_for_all(self) -> bool:
        """Whether the service has no room at all: then it would refuse other requests, too."""
        return self.status in NO_ROOM


class JobFailed(CutworkError):
    """A job ended without pictures."""

    def __init__(self, job: Job) -> None:
        """Say why, in the service's words."""
        failure = job.failure
        super().__init__(f"{failure.code}: {failure.message}" if failure else f"{job.status}")
        self.job = job
