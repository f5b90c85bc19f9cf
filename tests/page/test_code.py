"""The request that was just sent, as code: each of it runs as it was copied, and makes the same picture."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import httpx
import playwright
import pytest

from tests.page.visitor import Visitor

#: Playwright brings one.
_NODE = Path(playwright.__file__).parent / "driver" / "node"
_RUN = {
    "cutwork": ["bash", "-c"],
    "curl": ["bash", "-c"],
    "Python": [sys.executable, "-c"],
    "JavaScript": [str(_NODE), "--input-type=module", "--eval"],
}
_SCRIPTS = sysconfig.get_path("scripts")
_NAME = 'it\'s; a, "jacket" $1.jpg'


@pytest.mark.parametrize("language", list(_RUN))
def test_the_code_beside_a_card_runs(
    visitor: Visitor, photo_file: Path, tmp_path: Path, language: str
) -> None:
    if shutil.which(_RUN[language][0]) is None or (language == "curl" and not shutil.which("curl")):
        pytest.skip(f"{language} is not installed")
    photo = tmp_path / _NAME
    shutil.copy(photo_file, photo)
    visitor.come()
    visitor.choose(photo)
    card = visitor.wait_for(_NAME)
    card.get_by_text("The same request as code").click()
    card.get_by_label(language, exact=True).check(force=True)
    code = card.locator("code").inner_text()

    ran = subprocess.run(
        [*_RUN[language], code],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={
            "PATH": f"{_SCRIPTS}:{os.environ['PATH']}",
            "CUTWORK_KEY": "any",
            "HOME": str(tmp_path),
        },
        timeout=90,
    )

    assert ran.returncode == 0, ran.stderr
    if language == "cutwork":
        assert [*tmp_path.glob("*.cutout.png")]
        return
    found = re.search(r"https?://[^\"\s]+/image\.png\?[^\"\s]+", ran.stdout.replace("\\u0026", "&"))
    assert found is not None, ran.stdout
    assert httpx.get(found[0]).status_code == 200
