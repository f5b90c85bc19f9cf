"""A network that somebody changed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.attack.attempt import Attempt, hold
from tests.attack.target import ROOT, Target

THREAT = "a changed model file"

_MODEL = ROOT / "worker" / "models" / "cutwork-1"


def a_worker_does_not_start_with_a_changed_network(target: Target) -> str:
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(shutil.copytree(_MODEL, Path(folder, _MODEL.name)))
        network = changed / "model.onnx"
        content = bytearray(network.read_bytes())
        content[len(content) // 2] ^= 1
        network.write_bytes(content)
        done = target.run("worker", changes={"CUTWORK_MODEL": str(changed)}, check=False)
    hold(done.returncode != 0, "it starts")
    said = done.stderr + done.stdout
    hold("sha256" in said.lower() or "SHA-256" in said, f"it says {said[-200:]!r}")
    return f"one bit of {len(content)} bytes: the worker ends with {done.returncode}, and names the SHA-256"


ATTEMPTS: tuple[Attempt, ...] = (a_worker_does_not_start_with_a_changed_network,)
