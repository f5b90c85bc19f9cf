"""Where a process tells its metrics."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from pydantic import BaseModel, Field


class MetricsSettings(BaseModel):
    """Metrics of all processes, for Prometheus."""

    metrics_port: int = Field(
        0,
        ge=0,
        lt=2**16,
        description="Port of `/metrics`, which needs no key; each process of a machine needs one of its own. "
        "0: there are none.",
    )
    metrics_host: IPv4Address | IPv6Address = Field(
        IPv4Address("127.0.0.1"),
        description="Address on which that port listens: `0.0.0.0` in a container, where a network policy lets "
        "Prometheus alone in.",
    )
