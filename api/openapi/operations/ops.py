"""The whole installation, for who looks after it."""

from __future__ import annotations

from typing import Any

from api.answers.matching import CURSOR, ERASABLE, LONGEST_TENANT
from api.intake import needle
from api.intake.tags import VISIBLE
from api.openapi import codes, inputs
from api.openapi.answers import answer
from api.openapi.errors import create_error_responses
from api.openapi.key_terms import body_of
from api.openapi.operations.kinds import Operation, Paths
from api.routes.ops import ERASE, FIND, JOBS, PATH, SERIES
from shared.errors import ErrorCode
from shared.job import JobStatus
from shared.operations.series import Span

_TIME = {"type": "string", "format": "date-time"}
_TENANT = {"type": "string", "maxLength": LONGEST_TENANT, "pattern": f"^{VISIBLE.pattern}$"}
_SINCE = (
    "Only jobs that came into their state at this time or later; of a tenant, that were created."
)
_REFUSALS = (ErrorCode.ERROR_INVALID_PARAMETER, *codes.KEYED)


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    return {
        PATH: {"get": _show_overview()},
        SERIES: {"get": _show_series()},
        FIND: {"get": _find_anything()},
        JOBS: {"get": _list_all_jobs()},
        ERASE: {"post": _erase_matching()},
        f"{JOBS}/{{job_id}}": {"get": _show_life()},
    }


def _show_overview() -> Operation:
    return {
        "operationId": "show_overview",
        "summary": "Look at the whole installation: what waits, what fails, who works, what is wrong",
        "responses": {
            "200": answer("All numbers of this moment.", ["Overview"]),
            **create_error_responses(codes.KEYED, may_be_slow=False),
        },
    }


def _show_series() -> Operation:
    return {
        "operationId": "show_series",
        "summary": "Ask how it was in the last hour, day or week",
        "parameters": [_query("span", {"enum": list(Span), "default": Span.HOUR}, "How far back.")],
        "responses": {
            "200": answer("At most 240 points, and what was put in service.", ["Series"]),
            **create_error_responses(_REFUSALS, may_be_slow=False),
        },
    }


def _find_anything() -> Operation:
    text = {"type": "string", "minLength": 1, "maxLength": needle.LONGEST, "pattern": r"\S"}
    found = "The id of a job or a batch, a `log_id`, a `request_id`, or a URL that holds one."
    return {
        "operationId": "find_anything",
        "summary": "Find anybody's job or batch by any of its ids, or by a URL",
        "parameters": [{**_query("q", text, found), "required": True}],
        "responses": {
            "200": answer("What goes by it; nothing, if nothing does.", ["Found"]),
            **create_error_responses(_REFUSALS, may_be_slow=False),
        },
    }


def _list_all_jobs() -> Operation:
    return {
        "operationId": "list_all_jobs",
        "summary": "List the jobs of all tenants, those that came last first",
        "description": "No index knows the code, and without a tenant not how a job ended: these are looked for among "
        "the newest 10 000 of the state. Give `until` to look further back.",
        "parameters": [
            inputs.LIST[0],
            _query(
                "cursor",
                {"type": "string", "pattern": f"^{CURSOR.pattern}$"},
                "The `next_cursor` of the page before.",
            ),
            _query("status", {"enum": list(JobStatus)}, "Only jobs in this state."),
            _query("tenant", _TENANT, "Only jobs of this tenant."),
            _query("code", {"enum": list(ErrorCode)}, "Only jobs that failed with it."),
            _query("since", _TIME, _SINCE),
            _query("until", _TIME, "Only those before this time."),
        ],
        "responses": {
            "200": answer("A page, and how many there are.", ["AllJobs"]),
            **create_error_responses(_REFUSALS, may_be_slow=False),
        },
    }


def _show_life() -> Operation:
    refusals = (ErrorCode.ERROR_RESOURCE_NOT_FOUND, *codes.KEYED)
    return {
        "operationId": "show_life",
        "summary": "Look at anybody's job, and at all that happened to it",
        "parameters": [inputs.JOB_ID],
        "responses": {
            "200": answer("The job and its life.", ["JobLife"]),
            **create_error_responses(refusals, may_be_slow=False),
        },
    }


def _erase_matching() -> Operation:
    which = {
        "type": "object",
        "additionalProperties": False,
        "required": ["status", "until"],
        "properties": {
            "status": {"enum": list(ERASABLE)},
            "tenant": _TENANT,
            "code": {"enum": list(ErrorCode)},
            "since": {**_TIME, "description": _SINCE},
            "until": {**_TIME, "description": "When they were counted: later ones are not meant."},
        },
    }
    return {
        "operationId": "erase_matching",
        "summary": "Withdraw some of the jobs that match, with their photos and results",
        "description": "A hundred at once; `is_more` says whether to ask again. Each tenant finds it in its audit log. "
        "Counts in the rate of uploads.",
        "requestBody": {**body_of(which), "required": True},
        "responses": {
            "200": answer("How many were withdrawn.", ["ErasedJobs"]),
            **create_error_responses(codes.WITH_BODY, may_be_slow=True),
        },
    }


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}
