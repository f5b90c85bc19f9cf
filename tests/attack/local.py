"""The installation that `make run` starts: ports, state and keys of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.environment_file import read
from deploy.local.metrics_ports import metrics_ports
from deploy.local.servers.ports import LOOPBACK, free_port
from shared.settings.settings import Settings, variable
from tests.attack.target import NAMED_ORIGIN, ROOT, Target
from tests.conditions import eventually
from tests.end_to_end.installation import outside
from tests.ports import ports_in_a_row
from tests.webhook_receiver import SECRET

_START_SECONDS, _STOP_SECONDS = 90, 60
_METRICS_PORT = variable("metrics_port")
#: Off otherwise, and so no threat.
_SWITCHED_ON = {
    "CUTWORK_CORS_ORIGINS": NAMED_ORIGIN,
    "CUTWORK_IMAGE_URL": "true",
    "CUTWORK_IMAGE_URL_TIMEOUT": "5",
    "CUTWORK_DIRECT_UPLOADS": "true",
    "CUTWORK_WEBHOOK_SECRETS": SECRET,
}
#: Low enough to be reached within a minute; all else is as `make run` sets it.
LIMITS = {
    "CUTWORK_RATE_PER_MINUTE": "1000",
    "CUTWORK_MAX_QUEUED_PER_TENANT": "90",
    **_SWITCHED_ON,
}


@contextmanager
def running_locally() -> Iterator[Target]:
    """Do what `make run` does, and end it."""
    with tempfile.TemporaryDirectory(prefix="cutwork-attack-") as folder:
        home, said, port = Path(folder, "home"), Path(folder, "said"), free_port()
        metrics = choose_metrics_ports()
        first = str(min(metrics.values()))
        own = {"DATA_DIR": str(home), "PORT": str(port), _METRICS_PORT: first, **LIMITS}
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local"],
                cwd=ROOT,
                env={**outside(), **own},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:

            def is_up() -> bool:
                assert process.poll() is None, said.read_text()
                return "Ctrl-C stops it all" in said.read_text()

            eventually(is_up, _START_SECONDS)
            # Its parent is open to nobody else; what is tried is whether the folder itself is.
            Path(folder).chmod(0o755)
            yield Target(
                name="`make run`",
                url=f"http://{LOOPBACK}:{port}",
                # Another process than those that run would find its port taken.
                environment={**with_defaults(read(home / "environment")), _METRICS_PORT: "0"},
                directory=home,
                root=process.pid,
                logs=(
                    said,
                    *home.glob("*.log"),
                    home / "valkey" / "server.log",
                    home / "seaweedfs" / "server.log",
                ),
                keyless=True,
                metrics=metrics,
            )
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def with_defaults(environment: Mapping[str, str]) -> dict[str, str]:
    """Add what attempts have to know and nobody set."""
    names = ("inputs_bucket", "results_bucket")
    defaults = {variable(name): str(Settings.model_fields[name].default) for name in names}
    return {**defaults, **environment}


def choose_metrics_ports() -> Mapping[str, int]:
    """Find a port for the metrics of each process."""
    return metrics_ports(Settings(metrics_port=ports_in_a_row(3)))
