"""The rules of OpenAPI that its JSON Schema cannot say.

openapi-spec-validator knows them, too, and needs eleven packages for it; `tests.api.test_openapi` has the schema's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from tests.api.document_check import document, validate

OPERATIONS = {
    f"{method.upper()} {path}": (path, operation)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
}


def nodes_of(node: object) -> Iterator[dict[str, Any]]:
    """Go through all objects of a document."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from nodes_of(child)
    elif isinstance(node, list):
        for child in node:
            yield from nodes_of(child)


def target_of(reference: str) -> Any:
    """Follow a reference within the document."""
    target: Any = document()
    for part in reference.removeprefix("#/").split("/"):
        target = target[part]
    return target


def parameters_of(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [target_of(it["$ref"]) if "$ref" in it else it for it in operation.get("parameters", ())]


def test_every_reference_leads_somewhere() -> None:
    references = {node["$ref"] for node in nodes_of(document()) if "$ref" in node}

    assert references
    for reference in references:
        assert target_of(reference), reference


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for _, operation in OPERATIONS.values()]

    assert len(set(names)) == len(names)


def test_every_security_scheme_that_is_named_is_described() -> None:
    described = document()["components"]["securitySchemes"].keys()

    for node in nodes_of(document()):
        for choice in node.get("security", ()):
            assert choice.keys() <= described


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_parameter_is_described_once_and_those_of_the_path_all_are(name: str) -> None:
    path, operation = OPERATIONS[name]
    described = [(it["in"], it["name"]) for it in parameters_of(operation)]

    assert len(set(described)) == len(described)
    in_path = {parameter for place, parameter in described if place == "path"}
    assert in_path == set(re.findall(r"\{(\w+)\}", path))


def test_every_schema_is_one() -> None:
    schemas = [node["schema"] for node in nodes_of(document()["paths"]) if "schema" in node]

    assert schemas
    for schema in [*schemas, *document()["components"]["schemas"].values()]:
        jsonschema_rs.meta.validate(schema)


def test_every_default_is_a_value_that_its_schema_allows() -> None:
    for node in nodes_of(document()):
        if "default" in node and "type" in node:
            validate(node, node["default"])
