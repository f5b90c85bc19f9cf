"""The OpenAPI document: whole, true of every route, and made of what the code knows.

That answers are as it says, every other test here checks with each request (`document_check`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.openapi import from_dict

import shared.image_files
import shared.jobs
import worker
from api.answers.job_items import FoundItem, JobItem
from api.openapi.errors import MEANINGS
from api.openapi.examples import EXAMPLES
from api.openapi.schemas import create_schemas
from api.openapi.types import reference
from shared.errors import CATALOGUE, JOB_FAILURES, ErrorCode
from shared.jobs.envelope import Envelope
from shared.wire.contract import Category, ReturnForm, TaskType
from tests.api.conftest import FrontEnd
from tests.api.document_check import check_answer, document, validate

OPERATIONS = [(method, path) for path, methods in document()["paths"].items() for method in methods]


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"][path][method]
    return found


def codes_of(method: str, path: str) -> set[str]:
    """Collect the codes that stand in an operation's schemas."""
    return set(_codes(operation(method, path)["responses"]))


def _codes(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, child in node.items():
            if name == "code" and isinstance(child, dict):
                yield from child.get("enum", ())
            else:
                yield from _codes(child)
    elif isinstance(node, list):
        for child in node:
            yield from _codes(child)


def test_the_document_needs_no_key_and_is_the_one_that_is_checked_here(
    open_front_end: FrontEnd,
) -> None:
    answer = open_front_end.client().get("/openapi.json")

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_json() == document()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_document_is_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    from_dict(document()).validate()
    for schema in document()["components"]["schemas"].values():
        jsonschema_rs.Draft202012Validator({**schema, "components": document()["components"]})


def test_every_route_is_in_the_document_and_the_reverse(open_front_end: FrontEnd) -> None:
    routes = {
        (method.lower(), re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in open_front_end.app().url_map.iter_rules()
        for method in rule.methods or ()
        # What people read is not for programs.
        if not rule.endpoint.startswith(("documents.", "page."))
    }

    # HEAD comes with GET.
    assert {route for route in routes if route[0] != "head"} == set(OPERATIONS)


def test_every_code_of_the_catalogue_is_answered_somewhere() -> None:
    documented = {code for method, path in OPERATIONS for code in codes_of(method, path)}

    # A path answers another method with it, and a document has no place for that but prose.
    assert documented == set(ErrorCode) - {ErrorCode.ERROR_ILLEGAL_OPERATION}
    assert f"405 `{ErrorCode.ERROR_ILLEGAL_OPERATION}`" in document()["info"]["description"]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_error_stands_under_its_status_and_shows_one_like_it(method: str, path: str) -> None:
    for status, response in operation(method, path)["responses"].items():
        if status < "400":
            continue
        content = response["content"]["application/json"]
        codes = set(_codes(content["schema"]))
        assert codes or "checks" in str(content["examples"])
        for code in codes:
            # A body that does not arrive in time has no code of its own.
            assert CATALOGUE[ErrorCode(code)].http_status == int(status) or status == "408"
            assert MEANINGS[ErrorCode(code)] in response["description"]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_example_is_an_answer_that_its_schema_allows(method: str, path: str) -> None:
    for response in operation(method, path)["responses"].values():
        content = response.get("content", {}).get("application/json", {})
        for name, example in content.get("examples", {}).items():
            resolved = document()["components"]["examples"].get(name, example)
            validate(content["schema"], resolved["value"])


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_errors_of_v1_and_of_no_other_route_can_be_told_as_problems(
    method: str, path: str
) -> None:
    for status, response in operation(method, path)["responses"].items():
        told = response.get("content", {}).get("application/problem+json")
        assert (told is not None) == (status >= "400" and path.startswith("/v1/"))
        if told is not None:
            detail = set(_codes(response["content"]["application/json"]["schema"]))
            assert set(_codes(told["schema"])) == detail


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_route_with_a_key_says_who_is_refused(method: str, path: str) -> None:
    is_open = operation(method, path).get("security") == []

    assert ("401" in operation(method, path)["responses"]) != is_open


def test_every_code_that_a_job_can_fail_with_is_documented() -> None:
    named = set()
    files = [*_files(worker), *_files(shared.jobs), *_files(shared.image_files)]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "ErrorCode":
                named.add(ErrorCode[node.attr])

    gone = {ErrorCode.ERROR_TASK_REVOKED, ErrorCode.ERROR_RESOURCE_RECLAIMED}
    assert named - gone == set(JOB_FAILURES)


def test_no_error_of_a_job_is_one_that_the_same_request_gets_past() -> None:
    assert not [code for code in JOB_FAILURES if CATALOGUE[code].passes]


def _files(room: Any) -> list[Path]:
    return sorted(Path(room.__path__[0]).rglob("*.py"))


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_kind_of_answer_has_an_example_with_the_envelopes_fields_in_order(name: str) -> None:
    validate(reference(name), EXAMPLES[name])
    fields = [field for field in Envelope.__annotations__ if field in EXAMPLES[name]]
    assert list(create_schemas()[name]["properties"]) == list(EXAMPLES[name]) == fields


def test_the_item_of_a_list_is_the_one_that_is_serialised() -> None:
    schemas = create_schemas()

    assert schemas["Page"]["properties"]["jobs"]["items"] == reference("JobItem")
    assert schemas["JobItem"]["required"] == list(JobItem.__annotations__)
    assert schemas["FoundJobs"]["properties"]["jobs"]["items"] == reference("FoundItem")
    assert list(schemas["FoundItem"]["properties"]) == list(FoundItem.__annotations__)


def test_what_a_type_does_not_name_is_in_no_answer_unless_it_says_so() -> None:
    schemas = create_schemas()

    loose = {name for name, schema in schemas.items() if schema.get("additionalProperties") is True}
    assert loose == {"Report"}


def test_the_form_has_the_words_of_the_contract() -> None:
    fields = document()["components"]["schemas"]["Upload"]["properties"]

    assert fields["return_form"]["enum"] == list(ReturnForm)
    assert fields["task_type"]["enum"] == list(TaskType)
    assert fields["out_mode"]["enum"] == ["", "0", "1"]
    pattern = re.compile(fields["cloth_class"]["pattern"])
    assert all(pattern.search(word) for word in (*Category, "", " ", ",".join(Category)))
    assert pattern.search(" tops , coat ")
    assert not any(pattern.search(text) for text in ("socks", "tops,", ",", "tops coat", "TOPS"))


def test_an_answer_that_is_not_in_the_document_fails_the_test_that_got_it(
    front_end: FrontEnd,
) -> None:
    refused = front_end.query("x")
    refused.status_code = 418

    with pytest.raises(AssertionError, match="not in the document"):
        check_answer("GET", refused.request.path, refused)


def test_an_answer_with_an_unknown_field_fails_the_test_that_got_it(front_end: FrontEnd) -> None:
    answer = front_end.query(front_end.submit())
    answer.set_data(answer.data.replace(b"{", b'{"more":1,', 1))

    with pytest.raises(jsonschema_rs.ValidationError):
        check_answer("GET", answer.request.path, answer)
