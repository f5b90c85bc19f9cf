"""Schemas of the types that answers are made of: what the serialisers build is what the document says."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

Schema = dict[str, Any]
Mode = Literal["serialization"]

_PLACE = "#/components/schemas/{model}"


class _Closed(GenerateJsonSchema):
    """What a type does not name is not there, unless it says so. Fields have no titles: they are their names."""

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return {"additionalProperties": False, **super().typed_dict_schema(schema)}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Where keys have a pattern, no others are there either."""
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def reference(name: str) -> Schema:
    """Point to a schema of the document."""
    return {"$ref": _PLACE.format(model=name)}


def schemas_of(*kinds: type) -> dict[str, Schema]:
    """Describe types, and all that they are made of, each by its name."""
    adapters: list[tuple[str, Mode, TypeAdapter[Any]]] = [
        (kind.__name__, "serialization", TypeAdapter(kind)) for kind in kinds
    ]
    _, made = TypeAdapter.json_schemas(adapters, schema_generator=_Closed, ref_template=_PLACE)
    found: dict[str, Schema] = made["$defs"]
    return found


def schema_of(kind: Any) -> Schema:
    """Describe a type that has no name."""
    return TypeAdapter(kind).json_schema(schema_generator=_Closed, ref_template=_PLACE)
