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

from api.intake.tags import check_reference
from shared.errors import ErrorCode, Refused
from shared.job import Bookmark, Job, JobStatus, Selection

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: Microseconds since 1970 and the id: 8 and 16 bytes are 32 characters without padding. The first byte is 0 until
#: the year 4253, and so the rest is a time, whatever stands there.
CURSOR = re.compile(r"A[A-P][A-Za-z0-9_-]{30}")
_TIME_BYTES = 8
#: Of the items of a batch, which are listed by their lines.
LINE_CURSOR = re.compile("[0-9]{1,9}")
_NO_CURSOR = "`cursor` must be a `next_cursor` of this route, unchanged."
#: RFC 3339.
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+ -][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True)
class Page:
    """Which jobs a client wants to see."""

    limit: int
    which: Selection
    after: Bookmark | None


def read_page(query: Mapping[str, str]) -> Page:
    """Read `limit` and `cursor`, and by what to select.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    return Page(
        limit=read_limit(query),
        which=_selection(query),
        after=read_after(query),
    )


def read_limit(query: Mapping[str, str]) -> int:
    """Read how many a page may have.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    text = query.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise _invalid(f"`limit` must be a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def read_after(query: Mapping[str, str]) -> Bookmark | None:
    """Read where a list goes on.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    cursor = query.get("cursor")
    return None if cursor is None else _bookmark(cursor)


def read_line(query: Mapping[str, str]) -> int:
    """Read behind which line of a batch its items go on; 0: from the first one on.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    cursor = query.get("cursor", "0")
    if not LINE_CURSOR.fullmatch(cursor):
        raise _invalid(_NO_CURSOR)
    return int(cursor)


def write_cursor(last: Job) -> str:
    """Make the cursor that goes on behind this job."""
    return write_bookmark(last.created_at, last.id)


def write_bookmark(created_at: datetime, last_id: uuid.UUID) -> str:
    """Make the cursor that goes on behind what has this time and this id."""
    microseconds = (created_at - _EPOCH) // _MICROSECOND
    packed = microseconds.to_bytes(_TIME_BYTES, "big") + last_id.bytes
    return base64.urlsafe_b64encode(packed).decode()


def _selection(query: Mapping[str, str]) -> Selection:
    status, reference = query.get("status"), query.get("reference")
    return Selection(
        status=None if status is None else _status(status),
        reference="" if reference is None else _reference(reference.strip()),
        created_after=_time(query, "created_after"),
        created_before=_time(query, "created_before"),
    )


def _reference(text: str) -> str:
    if not text:
        # Not the same as none: who filters by a name that came out empty does not mean all.
        raise _invalid("`reference` must not be empty. Leave it out for all jobs.")
    return check_reference(text)


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        if TIME.fullmatch(text):
            # A plus sign that was not escaped is a space in a URL.
            return datetime.fromisoformat(text.replace(" ", "+").upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # no such day, or none that a calendar has in UTC
    raise _invalid(f"`{name}` must be a time with its zone, such as 2026-11-23T12:00:00Z.")


def _status(text: str) -> JobStatus:
    try:
        return JobStatus(text)
    except ValueError:
        raise _invalid(f"`status` must be one of {', '.join(JobStatus)}.") from None


def _bookmark(cursor: str) -> Bookmark:
    if not CURSOR.fullmatch(cursor):
        raise _invalid(_NO_CURSOR)
    packed = base64.urlsafe_b64decode(cursor)
    time = _EPOCH + int.from_bytes(packed[:_TIME_BYTES], "big") * _MICROSECOND
    return Bookmark(time, uuid.UUID(bytes=packed[_TIME_BYTES:]))


def _invalid(message: str) -> Refused:
    return Refused(ErrorCode.ERROR_INVALID_PARAMETER, message)
