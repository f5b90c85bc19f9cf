"""`x-should-retry`: whether the same request may succeed later, for clients that repeat one of their own accord.

Without it they repeat whatever is 408, 409, 429 or 5xx, also where that changes nothing or makes a second job.
"""

from __future__ import annotations

from werkzeug.exceptions import RequestTimeout

from shared.errors import CATALOGUE, ErrorCode

HEADER = "X-Should-Retry"
#: No such client waits longer, whatever `Retry-After` says: it would come back at once, for nothing.
PATIENCE_SECONDS = 60


def of(code: ErrorCode, status: int, after: int = 0) -> str:
    """Say it of an answer with an error, and with a `Retry-After` of so many seconds."""
    # What did not arrive in time has no code of its own.
    passes = CATALOGUE[code].passes or status == RequestTimeout.code
    return "true" if passes and after <= PATIENCE_SECONDS else "false"
