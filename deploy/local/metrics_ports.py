"""Where each process tells its metrics: one port after the other, from the one that is set on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.errors import Misconfigured
from shared.settings.settings import Settings

_PROCESSES = ("front end", "worker", "sweeper")
_PORTS = 2**16


def metrics_ports(settings: Settings) -> Mapping[str, int]:
    """Give each process its port; none if there are no metrics.

    Raises:
        Misconfigured: There are not enough ports.
    """
    first = settings.metrics_port
    if not first:
        return {}
    if first + len(_PROCESSES) > _PORTS:
        raise Misconfigured(
            f"CUTWORK_METRICS_PORT={first} leaves no port for each process; CUTWORK_METRICS_PORT=9464 does"
        )
    return {name: first + number for number, name in enumerate(_PROCESSES)}


def describe(settings: Settings) -> Iterator[str]:
    """Say where they are, a line each."""
    host = str(settings.metrics_host)
    shown = f"[{host}]" if ":" in host else host
    for name, port in metrics_ports(settings).items():
        yield f"metrics of the {name}: http://{shown}:{port}/metrics"
