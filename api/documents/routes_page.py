"""The OpenAPI document as a page in Markdown, so that it is rendered, linked and read as every other page is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from shared.errors import ErrorCode

_ERRORS = "reference/errors.md"
_SUCCESS = "2"


def write_routes_page(document: Mapping[str, Any]) -> str:
    """Describe each route: what it takes, what it answers, and an example of each answer."""
    return "\n\n".join(_Writer(document).parts()) + "\n"


class _Writer:
    """Writes one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._components = document["components"]

    def parts(self) -> Iterator[str]:
        yield "# All routes"
        yield self._document["info"]["description"]
        yield "The same as a file for programs: [`/openapi.json`](/openapi.json)."
        for path, operations in self._document["paths"].items():
            for verb, operation in operations.items():
                yield f"## `{verb.upper()} {path}`"
                yield from self._operation(operation)

    def _operation(self, operation: Mapping[str, Any]) -> Iterator[str]:
        needs_key = operation.get("security") != []
        yield f"{operation['summary']}.{'' if needs_key else ' Needs no key.'}"
        yield from (text for text in [operation.get("description")] if text)
        if rows := [self._parameter(it) for it in operation.get("parameters", ())]:
            yield _table("parameter", "in", "what it takes", rows=rows)
        for content_type, body in operation.get("requestBody", {}).get("content", {}).items():
            yield f"The body is `{content_type}`. {operation['requestBody']['description']}"
            fields = self._resolved(body["schema"]).get("properties", {})
            if fields:
                yield _table("field", "what it takes", rows=[_field(*it) for it in fields.items()])
            else:
                yield f"```\n{body['example']}```"
        yield from self._answers(operation["responses"])

    def _parameter(self, parameter: Mapping[str, Any]) -> list[str]:
        description = parameter.get("description", "")
        taken = _accepted({**parameter["schema"], "description": description})
        return [f"`{parameter['name']}`", parameter["in"], taken]

    def _answers(self, responses: Mapping[str, Any]) -> Iterator[str]:
        yield _table(
            *("status", "when"),
            rows=[
                [status, _when(response["description"])] for status, response in responses.items()
            ],
        )
        for status, response in responses.items():
            content = response.get("content", {}).get("application/json", {})
            for example in content.get("examples", {}).values():
                if status.startswith(_SUCCESS):
                    shown = json.dumps(self._resolved(example)["value"], indent=2)
                    yield f"{status}, for example:\n\n```json\n{shown}\n```"

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in node:
            return node
        _, _, kind, name = node["$ref"].split("/")
        found: Mapping[str, Any] = self._components[kind][name]
        return found


def _field(name: str, schema: Mapping[str, Any]) -> list[str]:
    return [f"`{name}`", _accepted(schema)]


def _accepted(schema: Mapping[str, Any]) -> str:
    """Say what a value means, and which values there are."""
    words = ", ".join(f"`{word}`" for word in schema.get("enum", ()) if word != "")
    values = f"One of {words}." if words else ""
    return " ".join(text for text in (schema.get("description", ""), values) if text)


def _when(description: str) -> str:
    """Make one line of a list, each code with a link to what to do about it."""
    text = "; ".join(line.removeprefix("- ") for line in description.splitlines())
    for code in ErrorCode:
        text = text.replace(f"`{code}`", f"[`{code}`]({_ERRORS}#{code.lower()})")
    return text


def _table(*heads: str, rows: list[list[str]]) -> str:
    lines = [list(heads), ["---"] * len(heads), *rows]
    cells = ((cell.replace("|", "\\|").replace("\n", " ") for cell in line) for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
