"""Every command block of the documentation does what it says, on a real installation, or says why it is not tried."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.documents import ROOT
from shared.settings import Settings
from tests.end_to_end.client import submit
from tests.end_to_end.installation import Installation, environment_of
from tests.house.blocks import blocks_of

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def run(code: str, folder: Path, environment: Mapping[str, str]) -> str:
    """Run the blocks of a page as one script, as a reader's shell would; what they said, if one of them failed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    failed = done.returncode != 0 or re.search(r'"error_code": ?[45]', done.stdout)
    return done.stdout if failed else ""


@pytest.mark.timeout(300)
def test_every_block_that_its_page_does_not_mark_runs(
    installation: Installation, settings: Settings, photo: bytes, tmp_path: Path
) -> None:
    installation.start_real_worker()  # type: ignore[attr-defined]
    first, second = (submit(installation.url, photo) for _ in range(2))
    environment = {
        **environment_of(settings),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CUTWORK_URL": installation.url,
        "CUTWORK_KEY": "any",
        "TASK": first,
        "FIRST": first,
        "SECOND": second,
    }
    said = {}
    for page in PAGES:
        code = "\n".join(block.code for block in blocks_of(page, "sh") if not block.reason)
        if code:
            folder = tmp_path / page.stem
            folder.mkdir(exist_ok=True)
            (folder / "photo.jpg").write_bytes(photo)
            said[page.name] = run(code, folder, environment)

    answers = {str(file): json.loads(file.read_text()) for file in tmp_path.glob("*/*.json")}

    assert {name: it for name, it in answers.items() if it["error_code"]} == {}
    assert {name: text for name, text in said.items() if text} == {}
    assert len(said) >= 5
    cutout = tmp_path / "five-minutes" / "cutout.png"
    assert cutout.read_bytes().startswith(b"\x89PNG")
