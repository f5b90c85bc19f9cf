"""What is counted of webhooks."""

from __future__ import annotations

from prometheus_client import Counter

from shared.telemetry.registry import REGISTRY

WEBHOOK_TRIES = Counter(
    "cutwork_webhook_tries_total",
    "Webhooks that were sent: `delivered`, `failed` (to be tried again), or `given_up`.",
    ["outcome"],
    registry=REGISTRY,
)
