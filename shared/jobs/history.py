"""What happened to a job, a line each, in the job's own row: its life can be told, and that costs no statement more.

    1795752300123 claimed gpu-3:4711
    1795752301377 succeeded get=12 decode=31 cutout=410 put=22

A line is added by the UPDATE that does what it tells. A job whose worker cannot reach its stores comes back every two
seconds, for an hour: what is told of it ends at some length.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, func, literal, literal_column

from shared.sql.tables import jobs

#: Characters of a history from which on nothing is added, and of one line.
_LONGEST, _LONGEST_LINE = 4000, 240
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Event(StrEnum):
    """What may happen; ends are called as the states that they lead to."""

    #: An attempt began. With the worker's name.
    CLAIMED = "claimed"
    #: It failed, and another one may help. With the code of the error.
    RETRIED = "retried"
    #: It was handed back, and is not counted.
    RELEASED = "released"
    #: Its worker was not heard of any more.
    CUT_OFF = "cut_off"
    #: With the milliseconds of its parts.
    SUCCEEDED = "succeeded"
    #: With the code of the error.
    FAILED = "failed"
    CANCELLED = "cancelled"
    #: An attempt came too late: the job was another's, or had ended. With the number of the attempt.
    REFUSED = "refused"


class Happening(NamedTuple):
    """One line."""

    at: datetime
    event: Event
    #: What stands behind it.
    words: str


def told(now: datetime, event: Event, words: str = "") -> ColumnElement[str]:
    """Add a line, in the UPDATE of a row."""
    line = f"{(now - _EPOCH) // timedelta(milliseconds=1)} {event} {words}".strip()[:_LONGEST_LINE]
    so_far = func.coalesce(jobs.c.history, literal_column("''"))
    added = so_far.op("||")(literal(f"{line}\n"))
    is_short = func.length(so_far) < literal_column(str(_LONGEST))
    return case((is_short, added), else_=jobs.c.history)


def read_history(text: str | None) -> Iterator[Happening]:
    """Read what is told; lines that a newer release has written are passed over."""
    known = {event.value for event in Event}
    for line in (text or "").splitlines():
        time, _, rest = line.partition(" ")
        event, _, words = rest.partition(" ")
        if time.isdecimal() and event in known:
            yield Happening(_EPOCH + timedelta(milliseconds=int(time)), Event(event), words)
