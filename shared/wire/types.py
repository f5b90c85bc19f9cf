"""Texts and numbers of the wire that mean more than their JSON type says; the OpenAPI document shows what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

Url = Annotated[str, Field(json_schema_extra={"format": "uri"})]
#: RFC 3339, in UTC.
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
JobName = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
#: What a request or an answer is called in the logs.
LogName = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
#: 0 queued, 1 processing, 2 done, 3 failed.
TaskStatus = Annotated[int, Field(ge=0, le=3)]
#: A part of a whole.
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


def rfc3339(time: datetime) -> Time:
    """Write a time, to the millisecond."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_or_none(time: datetime | None) -> Time | None:
    """Write a time that may not have come."""
    return None if time is None else rfc3339(time)
