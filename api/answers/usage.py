"""What a tenant used, day by day: what is asked for, and how it is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Annotated, NamedTuple

from pydantic import Field
from typing_extensions import TypedDict

from api.answers.envelope import for_data
from api.intake.options import invalid
from api.intake.parameters import refuse_others
from shared.jobs.envelope import Envelope
from shared.tenants.usage import Day
from shared.wire.types import Count

#: As many days as may be asked for, and as are told if none are named.
MAX_DAYS, DEFAULT_DAYS = 400, 30
DAY = re.compile("2[0-9]{3}-[0-9]{2}-[0-9]{2}")
_PIXELS, _MILLISECONDS = 1_000_000, 1000

DayName = Annotated[str, Field(json_schema_extra={"format": "date"})]
Amount = Annotated[float, Field(ge=0)]


class Span(NamedTuple):
    """Days that are asked for, both ends included."""

    first: date
    last: date


class Used(TypedDict):
    """What was used: photos that were accepted, and what became of those that ended, whenever they were accepted."""

    accepted: Count
    done: Count
    failed: Count
    cancelled: Count
    megapixels: Annotated[Amount, Field(description="Of the photos that were done.")]
    worker_seconds: Annotated[Amount, Field(description="Of the attempts that ended a job.")]


class UsedOnDay(Used):
    """What was used on a day of UTC's."""

    day: DayName


#: Functional, because `from` is a word of Python's.
UsageReport = TypedDict(
    "UsageReport",
    {
        "from": DayName,
        "to": DayName,
        "days": Annotated[list[UsedOnDay], Field(description="Those on which there was any.")],
        "total": Used,
    },
)


def read_span(query: Mapping[str, str], today: date) -> Span:
    """Read `from` and `to`.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    refuse_others(query, ("from", "to"))
    last = _read_day(query, "to") or today
    first = _read_day(query, "from") or last - timedelta(days=DEFAULT_DAYS - 1)
    if not 0 <= (last - first).days < MAX_DAYS:
        raise invalid(f"`from` must not be after `to`, and both name {MAX_DAYS} days at most.")
    return Span(first, last)


def for_usage(span: Span, days: Iterable[Day]) -> Envelope:
    """List days, and add them up."""
    listed = list(days)
    return for_data(
        UsageReport(
            {
                "from": span.first.isoformat(),
                "to": span.last.isoformat(),
                "days": [UsedOnDay(day=it.day.isoformat(), **_used([it])) for it in listed],
                "total": _used(listed),
            }
        )
    )


def _used(days: Iterable[Day]) -> Used:
    listed = list(days)
    return Used(
        accepted=sum(it.accepted for it in listed),
        done=sum(it.done for it in listed),
        failed=sum(it.failed for it in listed),
        cancelled=sum(it.cancelled for it in listed),
        megapixels=sum(it.pixels for it in listed) / _PIXELS,
        worker_seconds=sum(it.worker_ms for it in listed) / _MILLISECONDS,
    )


def _read_day(query: Mapping[str, str], name: str) -> date | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # there is no such day
    raise invalid(f"`{name}` must be a day such as 2026-11-23.")
