"""Reads metrics of the test's own process, as Prometheus would."""

from __future__ import annotations

from collections.abc import Callable

from shared.telemetry.registry import REGISTRY


def value(name: str, **labels: str) -> float:
    """Read one series; 0 as long as nothing was counted in it."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def since(name: str, **labels: str) -> Callable[[], float]:
    """Remember a series; what is returned tells by how much it has grown since."""
    before = value(name, **labels)
    return lambda: value(name, **labels) - before


def count_series() -> int:
    """Count all that Prometheus would keep."""
    return sum(len(metric.samples) for metric in REGISTRY.collect())
