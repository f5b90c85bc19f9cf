"""Dashboard, alerts and metrics know each other: nothing is asked for that nobody tells, and nothing told in vain."""

from __future__ import annotations

import json
import re

import pytest

from api.documents.markdown import headings_of
from deploy.monitoring.dashboard import as_text
from shared.documents import FOLDER as DOCS
from tests.house.metrics_table import all_metrics
from tests.monitoring import (
    DASHBOARD,
    Asked,
    asked_by_alerts,
    asked_by_dashboard,
    labels_in,
    rules,
    series_in,
)

ASKED = [*asked_by_dashboard(), *asked_by_alerts()]
LABELS = {name: row.labels for row in all_metrics() for name in row.series}
#: What prometheus_client and Prometheus itself tell.
OF_OTHERS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "up"}
NOT_OURS = {"job", "instance", "le"}


@pytest.mark.parametrize("asked", ASKED, ids=lambda it: it.title)
def test_an_expression_asks_for_what_is_told(asked: Asked) -> None:
    assert series_in(asked.expression)
    assert series_in(asked.expression) <= LABELS.keys() | OF_OTHERS


@pytest.mark.parametrize("asked", ASKED, ids=lambda it: it.title)
def test_an_expression_selects_by_labels_that_there_are(asked: Asked) -> None:
    for name, label in labels_in(asked.expression):
        assert label in {*LABELS.get(name, ()), *NOT_OURS}
    for grouped in re.findall(r"by \(([^)]*)\)", asked.expression):
        known = {label for name in series_in(asked.expression) for label in LABELS.get(name, ())}
        assert set(re.findall(r"\w+", grouped)) <= known | NOT_OURS


def test_every_metric_is_seen_on_the_dashboard() -> None:
    asked = {name for it in asked_by_dashboard() for name in series_in(it.expression)}

    assert [row.name for row in all_metrics() if not row.series & asked] == []


def test_the_dashboard_file_is_what_the_code_says() -> None:
    assert DASHBOARD.read_text() == as_text(), "run `make docs`"


def test_the_dashboard_can_be_provisioned_as_it_is() -> None:
    described = json.loads(DASHBOARD.read_text())
    ids = [panel["id"] for panel in described["panels"]]

    assert described["uid"] == "cutwork"
    assert "__inputs" not in described
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_leads_to_what_to_do_about_it(rule: dict[str, dict[str, str]]) -> None:
    path, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert path == "{{ $externalLabels.cutwork_url }}/docs/guides/troubleshooting"

    page = (DOCS / "guides" / "troubleshooting.md").read_text()
    assert anchor in {heading.anchor for heading in headings_of(page)}
    assert rule["labels"].keys() == {"severity"}
