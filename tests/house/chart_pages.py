"""What the Helm chart says of what is decided elsewhere: its settings are those of `shared.settings`, its guide's table
are the comments of its values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from shared.documents import ROOT
from shared.settings.settings import Settings, variable

CHART = ROOT / "deploy" / "chart"
SCHEMA, VALUES = CHART / "values.schema.json", CHART / "values.yaml"

#: Of these each process has its own, out of a Secret.
OF_SECRETS = frozenset(
    {"database_url", "redis_url", "s3_access_key", "s3_secret_key", "webhook_secrets"}
)
#: These the chart decides by itself.
OF_THE_CHART = frozenset({"liveness_file", "metrics_host", "metrics_port"})
#: Values that hold what is named elsewhere: nothing in them has a sentence of its own.
WHOLES = ("settings", "resources", "pod")

_SETTINGS = '    "settings": {\n'
_KEPT = ("type", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_KEY = re.compile(r"^( *)([\w.-]+):(.*)$")
_COMMENT = re.compile(r"^ *# (.*)$")
#: What is longer would take the room of the column beside it.
_NARROW = 24
_TABLE = "| value | default | meaning |\n|---|---|---|\n"


class Value(NamedTuple):
    """A value of the chart as values.yaml tells it."""

    path: str
    default: str
    meaning: str


def schema_page(page: str) -> str:
    """Replace the settings, which end the schema."""
    head, found, _ = page.partition(_SETTINGS)
    assert found, "values.schema.json has no settings any more"
    known = Settings.model_json_schema(by_alias=False)["properties"]
    lines = [
        f'        "{variable(name)}": {json.dumps(_kept(known[name]))}'
        for name in Settings.model_fields
        if name not in OF_SECRETS | OF_THE_CHART
    ]
    return "".join(
        (
            *(head, _SETTINGS, '      "type": "object",\n      "additionalProperties": false,\n'),
            *('      "properties": {\n', ",\n".join(lines), "\n      }\n    }\n  }\n}\n"),
        )
    )


def guide_page(page: str) -> str:
    """Replace the table of values, which ends the guide."""
    head, found, _ = page.partition(_TABLE)
    assert found, "docs/guides/kubernetes.md has no table any more"
    return head + _TABLE + "".join(map(_row, values()))


def values() -> Iterator[Value]:
    """Read what stands above each value; what holds others has no default of its own."""
    loaded = yaml.safe_load(VALUES.read_text())
    path: list[str] = []
    said: list[str] = []
    for line in VALUES.read_text().splitlines():
        if comment := _COMMENT.match(line):
            said.append(comment[1])
        elif key := _KEY.match(line):
            path[len(key[1]) // 2 :] = [key[2]]
            if said:
                yield Value(".".join(path), _default(loaded, path, key[3]), " ".join(said))
            said = []
        else:
            said = []


def _default(loaded: Any, path: list[str], written: str) -> str:
    if not written.strip() and path[-1] not in WHOLES:
        return ""
    for part in path:
        loaded = loaded[part]
    return "" if loaded in ("", None) else json.dumps(loaded).strip('"')


def _kept(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {word: schema[word] for word in _KEPT if word in schema}
    return kept or {"type": "string"}


def _row(value: Value) -> str:
    default = f"`{value.default}`" if value.default else ""
    if len(default) <= _NARROW:
        return f"| `{value.path}` | {default} | {value.meaning} |\n"
    return f"| `{value.path}` | | {value.meaning} By default {default}. |\n"
