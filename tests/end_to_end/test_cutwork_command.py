"""The command `cutwork` against a whole installation."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.client.lives import surroundings
from tests.end_to_end.installation import Installation


def cutwork(installation: Installation, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cutwork", *map(str, arguments)]
    environment = {**surroundings(), "CUTWORK_URL": installation.url, "CUTWORK_KEY": "any"}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=90, env=environment
    )


@pytest.mark.timeout(240)
def test_a_folder_is_ingested_proved_shown_and_erased(
    installation: Installation, photo: bytes, tmp_path: Path
) -> None:
    installation.start_worker()
    folder, out = tmp_path / "in", tmp_path / "out"
    for name, content in (("a/one", photo), ("two", photo + b"another"), ("torn", photo[:9000])):
        path = folder / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    options = ("--classes", "tops,hat", "--form", "mask", "--sheet", out / "sheet.html")
    ended = cutwork(installation, "ingest", folder, "-o", out, *options)

    assert ended.returncode == 1, ended.stderr
    lines = [json.loads(line) for line in (out / "report.jsonl").read_text().splitlines()]
    assert [(line["path"], line["status"], line["code"]) for line in lines] == [
        ("a/one.jpg", "done", ""),
        ("torn.jpg", "failed", "FILE_DECODING_FAILURE"),
        ("two.jpg", "done", ""),
    ]
    with Image.open(out / "a" / "one.mask.png") as mask:
        assert (mask.mode, mask.size, mask.format) == ("L", (512, 512), "PNG")
    assert (out / "sheet.html").stat().st_size > 10_000
    good, failed = cutwork(installation, "verify", out).stdout.splitlines()
    assert good.endswith("0 are not; of 3 photos 0 are left, and 1 failed:")
    assert failed.startswith("  torn.jpg: The JPEG is damaged")
    ids = [line["task_id"] for line in lines if line["status"] == "done"]
    assert cutwork(installation, "status", *ids).stdout.count("succeeded") == 2
    assert cutwork(installation, "erase", *ids).returncode == 0
    assert cutwork(installation, "status", *ids).stdout.count("cancelled") == 2
