"""Why a call got no answer."""

from __future__ import annotations

from enum import Enum, auto

from shared.errors import CutworkError


class Reason(Enum):
    """What a caller may want to tell apart."""

    #: It is not a URL, or leads where calls may not go.
    REFUSED = auto()
    #: There is no such name, nobody listens, or the connection broke.
    UNREACHABLE = auto()
    #: TLS: the certificate is not that host's, or its authority is not trusted.
    UNTRUSTED = auto()
    #: The time was up.
    TIMED_OUT = auto()
    #: The body is larger than it may be.
    TOO_LARGE = auto()
    #: The answer is no HTTP that we take: packed, or one redirect after the other.
    UNUSABLE = auto()


#: What may be otherwise a moment later.
PASSING = frozenset({Reason.UNREACHABLE, Reason.TIMED_OUT})


class CallFailed(CutworkError):
    """Raised when a call got no answer.

    Attributes:
        reason: What kind of failure it is.
        message: For whoever named the URL. Never an address: what a name resolves to inside is not told.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.reason = reason
        self.message = message


def refused(message: str) -> CallFailed:
    """Make the failure of a URL that leads where calls may not go."""
    return CallFailed(Reason.REFUSED, message)
