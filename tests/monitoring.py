"""What the dashboard and the alerts ask Prometheus for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from deploy.monitoring.dashboard import dashboard

FOLDER = Path(__file__).parents[1] / "deploy" / "monitoring"
CONFIG, RULES = FOLDER / "prometheus.yml", FOLDER / "rules.yml"
DASHBOARD = FOLDER / "grafana" / "cutwork.json"

#: What is only there once something has gone wrong, was sent twice, or changed.
OF_OTHER_DAYS = {
    "CutworkGpuWorkersGone",
    "Left to the next round, a minute",
    "Webhooks a minute",
    "Networks",
}

_SERIES = re.compile(r"\b(?:cutwork_\w+|process_\w+|up)\b")
_SELECTOR = re.compile(r"\b(cutwork_\w+|process_\w+|up)\{([^}]*)\}")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!=|!~|=)")


class Asked(NamedTuple):
    """An expression, and where it stands."""

    title: str
    expression: str


def asked_by_dashboard() -> Iterator[Asked]:
    """List all expressions of the dashboard."""
    described = dashboard()
    for panel in described["panels"]:
        for target in panel.get("targets", ()):
            yield Asked(panel["title"], target["expr"])
    for lines in described["annotations"]["list"]:
        yield Asked(lines["name"], lines["expr"])


def rules() -> list[dict[str, Any]]:
    """Read all alerts."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def asked_by_alerts() -> Iterator[Asked]:
    """List the expressions of all alerts."""
    for rule in rules():
        yield Asked(rule["alert"], rule["expr"])


def series_in(expression: str) -> set[str]:
    """Name the series that an expression asks for."""
    return set(_SERIES.findall(expression))


def labels_in(expression: str) -> Iterator[tuple[str, str]]:
    """List series and label, wherever an expression selects by one."""
    for name, selectors in _SELECTOR.findall(expression):
        for label in _LABEL.findall(selectors):
            yield name, label
