"""Which jobs an operator means: the parameters of a list, or the same words in JSON; and where a list goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from api.answers.cursor import microseconds_of, moment_of, read_cursor
from api.answers.listing import read_time, read_word
from api.intake.options import invalid
from api.intake.parameters import refuse_others
from api.intake.tags import VISIBLE, matches
from shared.errors import ErrorCode
from shared.job import JobStatus
from shared.jobs.matching import Matching
from shared.jobs.overseeing import Overseen

NAMES = ("status", "tenant", "code", "since", "until")
#: Jobs of these states are withdrawn where all that match are: the others are gone already.
ERASABLE = (JobStatus.QUEUED, JobStatus.PROCESSING, JobStatus.SUCCEEDED, JobStatus.FAILED)
LONGEST_TENANT = 64

#: Microseconds since 1970, and how many jobs of that very moment were shown.
CURSOR = re.compile("[0-9]{1,17}-[0-9]{1,4}")


class Place(NamedTuple):
    """Where a list goes on: at this moment, behind so many jobs of it."""

    at: datetime
    shown: int


def read_matching(query: Mapping[str, str]) -> Matching:
    """Read which jobs are meant.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    code, tenant = query.get("code"), query.get("tenant", "")
    if len(tenant) > LONGEST_TENANT or not matches(VISIBLE, tenant):
        raise invalid(f"`tenant` must be a name of at most {LONGEST_TENANT} visible characters.")
    return Matching(
        status=read_word(query, "status", JobStatus),
        tenant=tenant,
        code=None if code is None else _code(code),
        since=read_time(query, "since"),
        until=read_time(query, "until"),
    )


def read_erasable(body: Mapping[str, Any]) -> Matching:
    """Read which jobs are to be withdrawn: their state is named, and the moment at which they were counted.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    refuse_others(body, NAMES)
    if not all(isinstance(value, str) for value in body.values()):
        raise invalid("All values must be texts.")
    which = read_matching(body)
    if which.status not in ERASABLE or which.until is None:
        raise invalid(f"Name `until`, and a `status`: {', '.join(ERASABLE)}.")
    return which


def read_place(query: Mapping[str, str]) -> Place | None:
    """Read `cursor`.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    text = read_cursor(query, CURSOR)
    if text is None:
        return None
    microseconds, _, shown = text.partition("-")
    return Place(moment_of(int(microseconds)), int(shown))


def write_place(listed: Sequence[Overseen], before: Place | None) -> str:
    """Make the cursor that goes on behind a page."""
    last = listed[-1].when
    shown = sum(it.when == last for it in listed)
    if before is not None and before.at == last:
        shown += before.shown
    return f"{microseconds_of(last)}-{shown}"


def _code(text: str) -> ErrorCode:
    try:
        return ErrorCode(text)
    except ValueError:
        raise invalid("`code` must be one of the catalogue of errors.") from None
