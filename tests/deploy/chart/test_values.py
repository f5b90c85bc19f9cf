"""The chart's values: each has a default, a type and a sentence, and what is none is refused."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from shared.documents import ROOT
from tests.deploy.chart.helm import VALUE_FILES, Helm, HelmRefused
from tests.house.chart_pages import CHART, SCHEMA, VALUES, WHOLES, values

#: A value → what it has to be for the chart to be refused, and what is said then.
REFUSED = {
    "secrets.existingSecret=": "secrets.existingSecret: name the Secret",
    "settings.CUTWORK_S3_ENDPOINT=": "settings.CUTWORK_S3_ENDPOINT: say where",
    "workers.cpu.autoscaling.enabled=true": "keda.host: say where",
    "workers.cpu.autoscaling.enabled=true,keda.host=postgresql": "keda.existingSecret: name a Secret",
    "keda.host=postgresql://postgresql.example.com/cutwork": "host",
    "metrics.podMonitor=true": "metrics.enabled: turn it on",
    "api.replcias=3": "replcias",
    "colour=red": "colour",
    "settings.CUTWORK_LEESE=30": "CUTWORK_LEESE",
    "settings.CUTWORK_LEASE=0": "CUTWORK_LEASE",
    "settings.CUTWORK_LOG_FORMAT=xml": "CUTWORK_LOG_FORMAT",
    "settings.CUTWORK_DATABASE_URL=postgresql://user:password@host/cutwork": "CUTWORK_DATABASE_URL",
    "api.settings.CUTWORK_LIVENESS_FILE=/tmp/mine": "CUTWORK_LIVENESS_FILE",
    "api.image.digest=sha256:short": "digest",
    "api.maxUnavailable=0": "maxUnavailable",
    "setup.hook=always": "hook",
    "runAsUser=0": "runAsUser",
}


def described(schema: dict[str, Any], definitions: dict[str, Any], path: str = "") -> Iterator[str]:
    """List the paths that a schema knows, down to what may hold anything, or lists or settings."""
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    parts = schema.get("properties", {})
    if not parts or path.endswith(WHOLES):
        yield path
        return
    for name, part in parts.items():
        yield from described(part, definitions, f"{path}.{name}" if path else name)


def given(loaded: Any, path: str = "") -> Iterator[str]:
    if not isinstance(loaded, dict) or not loaded or path.endswith(WHOLES):
        yield path
        return
    for name, part in loaded.items():
        yield from given(part, f"{path}.{name}" if path else name)


def test_every_value_of_the_schema_has_a_default_and_the_other_way_round() -> None:
    schema = json.loads(SCHEMA.read_text())

    known = set(described(schema, schema["definitions"])) - {"global"}

    assert known == set(given(yaml.safe_load(VALUES.read_text())))


def test_every_value_says_what_it_is_for() -> None:
    told = {value.path for value in values()}
    silent = set(given(yaml.safe_load(VALUES.read_text()))) - told

    # What is written in one line is told in one.
    assert {path.rpartition(".")[0] for path in silent} <= told - {"api", "sweeper", "setup"}
    assert all(value.meaning.endswith(".") for value in values())


@pytest.mark.parametrize("name", ["values", *(f"ci/{name}" for name in VALUE_FILES)])
def test_values_that_come_with_the_chart_fit_its_schema(name: str) -> None:
    loaded = yaml.safe_load((CHART / f"{name}.yaml").read_text())

    jsonschema_rs.validate(json.loads(SCHEMA.read_text()), loaded)


def test_the_chart_has_the_version_of_the_code() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert chart["appVersion"] == project["version"]


def test_the_images_are_those_that_are_built() -> None:
    built = {
        name
        for file in (ROOT / "deploy").glob("*.Dockerfile")
        for name in re.findall(r"^# +docker build .*-t (\S+)", file.read_text(), re.MULTILINE)
    }
    named = re.findall(r"repository: (\S+)", VALUES.read_text())

    assert set(named) == built


@pytest.mark.parametrize(("value", "said"), REFUSED.items())
def test_what_is_no_value_is_refused_by_name(helm: Helm, value: str, said: str) -> None:
    with pytest.raises(HelmRefused, match=re.escape(said)):
        helm.render("minimal", "--set", value)


def test_the_shares_of_all_pools_make_a_hundred(helm: Helm) -> None:
    with pytest.raises(HelmRefused, match="the shares of all pools make 120, and must make 100"):
        helm.render("everything", "--set", "workers.cpu.autoscaling.share=40")


def test_a_chart_above_this_one_may_share_values(helm: Helm) -> None:
    assert helm.render("minimal", "--set", "global.region=eu").documents


def test_helm_finds_nothing_to_say(helm: Helm, values: str) -> None:
    said = helm.run("lint", "--strict", CHART, "--values", CHART / "ci" / f"{values}.yaml")

    assert "1 chart(s) linted, 0 chart(s) failed" in said


def test_it_is_the_helm_that_it_says(helm: Helm) -> None:
    assert helm.run("version", "--template", "{{.Version}}") == helm.release
