"""Compose file, its example of an environment and the Dockerfiles agree; tests/deploy/containers starts them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from shared.documents import ROOT
from shared.settings.settings import Settings, variable

DEPLOY = ROOT / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text()
EXAMPLE = (DEPLOY / ".env.example").read_text()
#: What Compose itself reads.
_OF_COMPOSE = {"COMPOSE_PROFILES"}

#: What the image of the front end leaves out.
_ABSENT = (
    "deploy.local",
    "deploy.monitoring",
    "worker.imaging",
    "worker.jobs",
    "worker.messages",
    "worker.network",
)
_WITHOUT = f"""
import sys
sys.modules.update(dict.fromkeys({(*_ABSENT, "PIL", "cv2", "numpy", "onnxruntime")}))
import api.wsgi, deploy.admin, worker.sweeper.app, worker.sweeper.__main__
"""


def test_the_example_names_what_the_compose_file_asks_for_and_nothing_else() -> None:
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE))
    named = re.findall(r"^(\w+)=", EXAMPLE, flags=re.MULTILINE)

    assert sorted(named) == sorted(asked | _OF_COMPOSE)


def test_the_compose_file_sets_nothing_that_is_no_setting() -> None:
    said = set(re.findall(r"^ +(CUTWORK_\w+):", COMPOSE, flags=re.MULTILINE))

    assert said
    assert said <= {variable(name) for name in Settings.model_fields}


def test_no_name_in_the_environment_file_is_taken_for_a_setting() -> None:
    """It would be refused by a process that reads the file: settings stand in one of their own."""
    assert not re.findall(r"^CUTWORK_", EXAMPLE, flags=re.MULTILINE)


@pytest.mark.parametrize("image", re.findall(r"^\w+_IMAGE=(.*)$", EXAMPLE, flags=re.MULTILINE))
def test_an_image_of_others_is_named_in_full_with_a_version(image: str) -> None:
    assert re.fullmatch(r"docker\.io/[\w-]+/[\w-]+:v?\d+(\.\d+)*", image)


def test_both_images_stand_on_the_same_layers() -> None:
    """Word by word, since that is how a builder knows a layer again."""
    bases = {
        re.search(r"^FROM \$\{BASE\} AS base\n.*?\n\n", file.read_text(), re.DOTALL | re.MULTILINE)
        for file in DEPLOY.glob("*.Dockerfile")
    }
    texts = {base and base[0] for base in bases}

    assert len(bases) == 2
    assert len(texts) == 1
    assert None not in texts


def test_front_end_sweeper_and_the_operators_command_need_nothing_that_their_image_lacks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
