"""Lists of jobs in pages: what a client asks for, and the cursor that goes on behind a job.

A cursor holds the time and the id of the last job shown, so jobs that arrive or go meanwhile neither repeat nor
hide another.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.errors import ErrorCode, Refused
from shared.job import Bookmark, Job, JobStatus

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: Microseconds since 1970 and the id: 8 and 16 bytes are 32 characters without padding. The first byte is 0 until
#: the year 4253, and so the rest is a time, whatever stands there.
CURSOR = re.compile(r"A[A-P][A-Za-z0-9_-]{30}")
_TIME_BYTES = 8


@dataclass(frozen=True)
class Page:
    """Which jobs a client wants to see."""

    limit: int
    status: JobStatus | None
    after: Bookmark | None


def read_page(query: Mapping[str, str]) -> Page:
    """Read `limit`, `status` and `cursor`.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    status, cursor = query.get("status"), query.get("cursor")
    return Page(
        limit=_limit(query.get("limit")),
        status=None if status is None else _status(status),
        after=None if cursor is None else _bookmark(cursor),
    )


def write_cursor(last: Job) -> str:
    """Make the cursor that goes on behind this job."""
    microseconds = (last.created_at - _EPOCH) // _MICROSECOND
    packed = microseconds.to_bytes(_TIME_BYTES, "big") + last.id.bytes
    return base64.urlsafe_b64encode(packed).decode()


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise _invalid(f"`limit` must be a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def _status(text: str) -> JobStatus:
    try:
        return JobStatus(text)
    except ValueError:
        raise _invalid(f"`status` must be one of {', '.join(JobStatus)}.") from None


def _bookmark(cursor: str) -> Bookmark:
    if not CURSOR.fullmatch(cursor):
        raise _invalid("`cursor` must be a `next_cursor` of this route, unchanged.")
    packed = base64.urlsafe_b64decode(cursor)
    time = _EPOCH + int.from_bytes(packed[:_TIME_BYTES], "big") * _MICROSECOND
    return Bookmark(time, uuid.UUID(bytes=packed[_TIME_BYTES:]))


def _invalid(message: str) -> Refused:
    return Refused(ErrorCode.ERROR_INVALID_PARAMETER, message)
