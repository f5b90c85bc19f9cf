"""Prints the JSON schemas of the kinds of KEDA and of Prometheus' operator that the chart uses.

Run by the Python of `make test-deploy`, which has their models. Those take names that they do not know; closed they do
not.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from cloudcoil.models.keda import v1alpha1 as keda
from cloudcoil.models.prometheus_operator import v1 as prometheus

KINDS = (
    keda.ScaledObject,
    keda.TriggerAuthentication,
    prometheus.PodMonitor,
    prometheus.PrometheusRule,
)


def closed(schema: Any) -> Any:
    """Let no object have a property that is not named."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {name: closed(part) for name, part in schema.items()}
    return {"additionalProperties": False, **parts} if "properties" in parts else parts


json.dump(
    {kind.__name__: closed(kind.model_json_schema(by_alias=True)) for kind in KINDS}, sys.stdout
)
