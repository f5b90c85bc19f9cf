"""Prometheus and Grafana in a cluster get what all others get: alerts and dashboard of `deploy/monitoring`."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.deploy.chart.helm import Helm
from tests.deploy.chart.manifests import Document
from tests.monitoring import CONFIG, DASHBOARD, RULES


def made(helm: Helm, kind: str) -> Document:
    (document,) = helm.render("everything").of_kind(kind)
    return document


def rules_of(document: Document) -> dict[str, Any]:
    return {rule["alert"]: rule for group in document["groups"] for rule in group["rules"]}


def test_the_alerts_are_ours_but_for_those_that_are_left_out(helm: Helm) -> None:
    ours = rules_of(yaml.safe_load(RULES.read_text()))
    told = rules_of(made(helm, "PrometheusRule")["spec"])

    assert set(ours) - set(told) == {"CutworkGpuWorkersGone"}
    for name, rule in told.items():
        assert {**rule, "annotations": None} == {**ours[name], "annotations": None}
        assert rule["annotations"]["summary"] == ours[name]["annotations"]["summary"]


def test_alerts_link_to_the_documentation_of_the_service(helm: Helm) -> None:
    for rule in rules_of(made(helm, "PrometheusRule")["spec"]).values():
        link = rule["annotations"]["runbook_url"]

        assert link.startswith("https://cutwork.example.com/docs/guides/")


def test_the_dashboard_is_ours(helm: Helm) -> None:
    told = made(helm, "ConfigMap")

    assert told["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(told["data"]["cutwork.json"]) == json.loads(DASHBOARD.read_text())


def test_processes_have_the_names_by_which_alerts_know_them(helm: Helm) -> None:
    (endpoint,) = made(helm, "PodMonitor")["spec"]["podMetricsEndpoints"]
    scraped = yaml.safe_load(CONFIG.read_text())["scrape_configs"]

    assert {it["replacement"] for it in endpoint["relabelings"]} == {
        it["job_name"] for it in scraped
    }
