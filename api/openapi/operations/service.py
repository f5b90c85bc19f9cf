"""What needs no key: how the service is, and what it can."""

from __future__ import annotations

from typing import Any

from api.answers import should_retry
from api.openapi import codes
from api.openapi.answers import ASK_AGAIN, answer
from api.openapi.errors import create_error_responses, describe_should_retry
from api.openapi.operations.kinds import Operation, Paths
from api.routes import health, openapi
from shared.errors import ErrorCode


def create_paths() -> Paths:
    """Describe the routes by path and method."""
    return {
        health.ALIVE: {"get": _is_alive()},
        health.READY: {"get": _is_ready()},
        openapi.PATH: {"get": _describe()},
    }


def _is_alive() -> Operation:
    responses = {"200": answer("The process is alive.", ["Alive"])}
    return _open("is_alive", "Whether the process is alive", responses)


def _is_ready() -> Operation:
    later = {
        "Retry-After": {**ASK_AGAIN, "required": True},
        should_retry.HEADER: describe_should_retry(503, [ErrorCode.ERROR_RESOURCE_UNAVAILABLE]),
    }
    responses = {
        "200": answer("Database, broker and object store can be used.", ["Ready"]),
        "503": answer("One of them cannot; `checks` says which.", ["NotReady"], later),
    }
    return _open("is_ready", "Whether what the process stands on can be used", responses)


def _describe() -> Operation:
    content = {"application/json": {"schema": {"type": "object", "required": ["openapi"]}}}
    responses = {"200": {"description": "An OpenAPI 3.1 document.", "content": content}}
    return _open("describe", "This document", responses)


def _open(name: str, summary: str, responses: dict[str, Any]) -> Operation:
    errors = create_error_responses(codes.ANY, may_be_slow=False, on_v1=False)
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "responses": dict(sorted({**errors, **responses}.items())),
    }
