"""Every document is what Kubernetes, KEDA and Prometheus' operator take, and holds nothing that they do not know."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.deploy.chart.helm import TOOLS
from tests.deploy.chart.manifests import Manifests

#: The oldest Kubernetes that the chart runs on, and a newer one.
RELEASES = ("1.30", "1.34")
PYTHON = TOOLS / "bin" / "python"
OUTSIDE = "keda.sh/", "monitoring.coreos.com/"


@pytest.fixture(scope="session")
def kinds_of_others() -> Mapping[str, Any]:
    """Kind → its JSON schema, which knows every name that there is."""
    if not PYTHON.exists():
        pytest.skip("there are no models of KEDA: `make test-deploy` installs them")
    script = Path(__file__).with_name("kinds_of_others.py")
    done = subprocess.run([PYTHON, script], capture_output=True, check=True, timeout=120)
    schemas: Mapping[str, Any] = json.loads(done.stdout)
    return schemas


@pytest.mark.parametrize("release", RELEASES)
def test_kubernetes_takes_every_document(
    manifests: Manifests, release: str, tmp_path: Path
) -> None:
    file = tmp_path / "manifests.yaml"
    file.write_text(manifests.text)
    program = TOOLS / "bin" / "kubernetes-validate"

    done = subprocess.run(
        [program, "--strict", "--kubernetes-version", release, file],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    said = done.stdout + done.stderr
    others = [it for it in manifests.documents if it["apiVersion"].startswith(OUTSIDE)]
    assert done.returncode == 0, said
    # One that it does not know is only warned of: those are looked at below.
    assert said.count("Couldn't find schema") == len(others)
    assert said.count(" passed for resource ") == len(manifests.documents) - len(others)


def test_keda_and_the_operator_of_prometheus_take_every_document(
    manifests: Manifests, kinds_of_others: Mapping[str, Any]
) -> None:
    for document in manifests.documents:
        if document["apiVersion"].startswith(OUTSIDE):
            jsonschema_rs.validate(kinds_of_others[document["kind"]], document)


def test_a_name_that_keda_does_not_know_is_noticed(kinds_of_others: Mapping[str, Any]) -> None:
    spec = {"scaleTargetRef": {"name": "x"}, "triggers": [], "maxReplicaCounts": 3}
    document = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "spec": spec}

    with pytest.raises(jsonschema_rs.ValidationError, match="maxReplicaCounts"):
        jsonschema_rs.validate(kinds_of_others["ScaledObject"], {**document, "metadata": {}})
