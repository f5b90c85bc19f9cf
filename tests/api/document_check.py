"""Holds answers to the OpenAPI document: status, headers and body must be what it promises for the route."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.answers.problem import MEDIA_TYPE
from api.openapi.document import create_document
from shared.wire.presets import BUNDLED, load_presets

_GENERIC = {"$ref": "#/components/schemas/Error"}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}


class CheckingClient(FlaskClient):
    """A test client that reads each answer with the document in hand."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        check_answer(answer.request.method, answer.request.path, answer)
        return answer


def check_answer(method: str, path: str, answer: TestResponse) -> None:
    """Check an answer of any path, documented or not."""
    operation = find_operation(method, path)
    if operation is None:
        # No such path or method. Tests add routes of their own: only the body can be judged.
        if answer.status_code >= 400 and method != "HEAD":
            validate(_PROBLEM if answer.mimetype == MEDIA_TYPE else _GENERIC, answer.get_json())
        return
    responses = operation["responses"]
    status = str(answer.status_code)
    assert status in responses, f"{method} {path} answers {status}, which is not in the document"
    _check_headers(responses[status].get("headers", {}), answer)
    content = responses[status].get("content")
    if content is None:
        assert (answer.data, answer.headers.get("Content-Type")) == (b"", None)
    elif method != "HEAD":
        assert answer.mimetype in content
        if answer.mimetype == "application/jsonl":
            for line in answer.data.splitlines():
                validate({"$ref": "#/components/schemas/BatchLine"}, json.loads(line))
        elif answer.is_json:
            validate(content[answer.mimetype]["schema"], answer.get_json())


def find_operation(method: str, path: str) -> dict[str, Any] | None:
    """Find what the document says of a path, as it is sent or with its parameters' names."""
    # A path without parameters goes before one that it would fit, too.
    templates = sorted(document()["paths"].items(), key=lambda it: str(it[0]).count("{"))
    found = [
        operations
        for template, operations in templates
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
    ]
    # A HEAD answers as a GET does, without a body.
    method = "get" if method == "HEAD" else method.lower()
    return found[0].get(method) if found else None


@cache
def document() -> dict[str, Any]:
    return create_document(sorted(load_presets(BUNDLED)))


def validate(schema: dict[str, Any], instance: object) -> None:
    """Check an instance against a schema of the document."""
    _compiled(schema).validate(instance)


def _compiled(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    key = repr(schema)
    if key not in _VALIDATORS:
        whole = {**schema, "components": document()["components"]}
        _VALIDATORS[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return _VALIDATORS[key]


_VALIDATORS: dict[str, jsonschema_rs.Draft202012Validator] = {}


def _check_headers(headers: dict[str, Any], answer: TestResponse) -> None:
    for name, described in headers.items():
        text = answer.headers.get(name)
        assert text is not None or not described.get("required"), f"{name} is missing"
        if text is not None:
            schema = described["schema"]
            validate(schema, int(text) if schema.get("type") == "integer" else text)
