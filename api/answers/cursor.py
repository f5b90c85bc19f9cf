"""Pages of lists, newest first: how long one is, and the cursor that goes on behind what was shown last.

A cursor holds the time and the id of that, so what is added or goes meanwhile neither repeats nor hides anything.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import Field

from api.intake.options import invalid
from shared.job import Bookmark

Item = TypeVar("Item")

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
#: What a page says of the next one.
NextCursor = Annotated[str, Field(pattern=f"^({CURSOR.pattern})?$")]
NextLine = Annotated[str, Field(pattern=f"^({LINE_CURSOR.pattern})?$")]
_NO_CURSOR = "`cursor` must be a `next_cursor` of this route, unchanged."


def read_limit(query: Mapping[str, str]) -> int:
    """Read `limit`.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    text = query.get("limit")
    if text is None:
        return DEFAULT_LIMIT
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise invalid(f"`limit` must be a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def read_after(query: Mapping[str, str]) -> Bookmark | None:
    """Read `cursor`, where a list goes on; None if none was sent.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    text = query.get("cursor")
    if text is None:
        return None
    if not CURSOR.fullmatch(text):
        raise invalid(_NO_CURSOR)
    packed = base64.urlsafe_b64decode(text)
    time = _EPOCH + int.from_bytes(packed[:_TIME_BYTES], "big") * _MICROSECOND
    return Bookmark(time, uuid.UUID(bytes=packed[_TIME_BYTES:]))


def read_line(query: Mapping[str, str]) -> int:
    """Read behind which line of a batch its items go on; 0: from the first one on.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    cursor = query.get("cursor", "0")
    if not LINE_CURSOR.fullmatch(cursor):
        raise invalid(_NO_CURSOR)
    return int(cursor)


def cut_page(
    found: Sequence[Item], limit: int, bookmark_of: Callable[[Item], Bookmark]
) -> tuple[Sequence[Item], str]:
    """Cut a page off what was found, which is one more than the page if there is a next one.

    Returns:
        The page, and the cursor that goes on behind it; empty if there is no next one.
    """
    shown = found[:limit]
    return shown, _write(bookmark_of(shown[-1])) if found[limit:] else ""


def _write(bookmark: Bookmark) -> str:
    microseconds = (bookmark.created_at - _EPOCH) // _MICROSECOND
    packed = microseconds.to_bytes(_TIME_BYTES, "big") + bookmark.job_id.bytes
    return base64.urlsafe_b64encode(packed).decode()
