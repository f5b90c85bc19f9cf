"""What requests are made of besides their form: the key, the headers and the query parameters."""

from __future__ import annotations

from typing import Any

from api import request_names
from api.admission.auth import KEY_HEADER
from api.answers import cursor, deliveries, job_ids, keys, prefer_header, usage
from api.answers.wait_parameter import MAX_SECONDS
from api.intake import idempotency
from api.intake.tags import Reference
from api.openapi.types import schema_of
from shared.job import JobStatus

Described = dict[str, Any]

_REFERENCE = schema_of(Reference)

SECURITY_SCHEMES: Described = {
    "key": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same key."},
}

IDEMPOTENCY_KEY: Described = {
    "name": idempotency.HEADER,
    "in": "header",
    "description": "The same upload sent again under the same key gives the same job instead of a second one.",
    "schema": {"type": "string", "pattern": f"^{idempotency.VALID.pattern}$"},
}

REQUEST_ID: Described = {
    "name": request_names.REQUEST_ID,
    "in": "header",
    "description": "What you call the request: 1 to 128 characters, visible ASCII; anything else is ignored. The "
    "answer and every line of the log have it.",
    "schema": {"type": "string"},
    "example": "import-2026-11-23/4711",
}

TRACEPARENT: Described = {
    "name": request_names.TRACEPARENT,
    "in": "header",
    "description": "The trace that the job belongs to (W3C Trace Context): it is kept with the job and stands in the "
    "logs. Anything else is ignored.",
    "schema": {"type": "string"},
    "example": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}

IF_NONE_MATCH: Described = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The `ETag` of an answer that you have.",
    "schema": {"type": "string"},
}

PREFER: Described = {
    "name": prefer_header.HEADER,
    "in": "header",
    "description": f"`wait=<seconds>`, at most {prefer_header.MAX_SECONDS}: hold the answer back until the job has "
    "finished or the time is up (RFC 7240). Anything else is ignored.",
    "schema": {"type": "string"},
    "example": "wait=10",
}

JOB_ID: Described = {
    "name": "job_id",
    "in": "path",
    "required": True,
    "description": "The `task_id` of the job.",
    "schema": {"type": "string", "format": "uuid"},
}

FILE_NAME: Described = {
    "name": "file_name",
    "in": "path",
    "required": True,
    "description": "The last part of the path of the result's URL.",
    "schema": {"type": "string"},
    "example": "image.png",
}

DELIVERY_ID: Described = {
    "name": "delivery_id",
    "in": "path",
    "required": True,
    "description": "The `id` of the delivery.",
    "schema": {"type": "string", "pattern": deliveries.WEBHOOK_ID},
}

KEY_ID: Described = {
    "name": "key_id",
    "in": "path",
    "required": True,
    "description": "The `id` of the key: the part of it that may be shown.",
    "schema": {"type": "string", "pattern": keys.KEY_ID},
}

WAIT: Described = {
    "name": "wait",
    "in": "query",
    "description": "Seconds to hold the answer back while the job runs; "
    f"more than {MAX_SECONDS:g} are {MAX_SECONDS:g}.",
    "schema": {"type": "number", "minimum": 0, "default": 0},
}

QUERY: list[Described] = [
    {
        "name": "task_id",
        "in": "query",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
    },
    WAIT,
]

IDS_ALONE = f"Up to {job_ids.MAX_IDS} ids of jobs."
IDS: Described = {
    "name": job_ids.NAME,
    "in": "query",
    "description": f"Up to {job_ids.MAX_IDS} ids of jobs: these are shown, in this order. With `wait`, the answer is "
    "held back until one of them is finished. No other parameter goes with these two.",
    "schema": {
        "type": "array",
        "items": {"type": "string", "format": "uuid"},
        "minItems": 1,
        "maxItems": job_ids.MAX_IDS,
    },
    "style": "form",
    "explode": False,
}


def _created(name: str, description: str) -> Described:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "string", "format": "date-time"},
        "example": "2026-11-23T12:00:00Z",
    }


LIMIT: Described = {
    "name": "limit",
    "in": "query",
    "schema": {
        "type": "integer",
        "minimum": 1,
        "maximum": cursor.MAX_LIMIT,
        "default": cursor.DEFAULT_LIMIT,
    },
}
CURSOR: Described = {
    "name": "cursor",
    "in": "query",
    "description": "The `next_cursor` of the page before.",
    "schema": {"type": "string", "pattern": f"^{cursor.CURSOR.pattern}$"},
}
#: Of every list in pages.
LIST: list[Described] = [LIMIT, CURSOR]
PAGE: list[Described] = [
    *LIST,
    {
        "name": "status",
        "in": "query",
        "description": "Only jobs in this state.",
        "schema": {"enum": list(JobStatus)},
    },
    {
        "name": "reference",
        "in": "query",
        "description": "Only jobs that you call so.",
        "schema": {**_REFERENCE, "pattern": _REFERENCE["pattern"].replace("^", r"^(?=\S)", 1)},
    },
    _created("created_after", "Only jobs that were created at this time or later."),
    _created("created_before", "Only jobs that were created before this time."),
]


def _day(name: str, description: str) -> Described:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "string", "format": "date", "pattern": f"^{usage.DAY.pattern}$"},
        "example": "2026-11-23",
    }


DAYS: list[Described] = [
    _day("from", f"The first day; {usage.DEFAULT_DAYS - 1} days before `to` if left out."),
    _day(
        "to", f"The last day, {usage.MAX_DAYS} days with `from` at most; today (UTC) if left out."
    ),
]
