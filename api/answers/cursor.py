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
from api.intake.parameters import refuse_others
from shared.job import Bookmark

Item = TypeVar("Item")

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

#: The parameters of every list.
PLACE = ("limit", "cursor")

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


def read_paging(query: Mapping[str, str]) -> tuple[int, Bookmark | None]:
    """Read how long a page of a list without filters is, and where it goes on.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    refuse_others(query, PLACE)
    return read_limit(query), read_after(query)


def read_after(query: Mapping[str, str]) -> Bookmark | None:
    """Read `cursor`, where a list goes on; None if none was sent.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    text = read_cursor(query, CURSOR)
    if text is None:
        return None
    packed = base64.urlsafe_b64decode(text)
    time = moment_of(int.from_bytes(packed[:_TIME_BYTES], "big"))
    return Bookmark(time, uuid.UUID(bytes=packed[_TIME_BYTES:]))


def read_line(query: Mapping[str, str]) -> int:
    """Read behind which line of a batch its items go on; 0: from the first one on.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    return int(read_cursor(query, LINE_CURSOR) or 0)


def read_cursor(query: Mapping[str, str], kind: re.Pattern[str]) -> str | None:
    """Read `cursor`, as a route of this kind wrote it; None if none was sent.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    text = query.get("cursor")
    if text is not None and not kind.fullmatch(text):
        raise invalid("`cursor` must be a `next_cursor` of this route, unchanged.")
    return text


def cut_page(
    found: Sequence[Item], limit: int, bookmark_of: Callable[[Item], Bookmark]
) -> tuple[Sequence[Item], str]:
    """Cut a page off what was found, which is one more than the page if there is a next one.

    Returns:
        The page, and the cursor that goes on behind it; empty if there is no next one.
    """
    shown = found[:limit]
    return shown, _write(bookmark_of(shown[-1])) if found[limit:] else ""


def microseconds_of(time: datetime) -> int:
    """Count those since 1970, as cursors hold them."""
    return (time - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """Tell the time that a cursor holds."""
    return _EPOCH + microseconds * _MICROSECOND


def _write(bookmark: Bookmark) -> str:
    time = microseconds_of(bookmark.created_at).to_bytes(_TIME_BYTES, "big")
    packed = time + bookmark.job_id.bytes
    return base64.urlsafe_b64encode(packed).decode()
