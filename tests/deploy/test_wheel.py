"""What is installed from a wheel, and not from a checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from shared.documents import AT_ROOT, ROOT

#: Renders a page, in a process that sees the wheel's files alone.
_RENDER = """
from api.documents.pages import Pages
from api.openapi.document import create_document
from shared.documents import FOLDER, explain
from shared.errors import ErrorCode
assert FOLDER.parts[-3:] == ("shared", "documentation", "docs"), FOLDER
pages = Pages(create_document(), "")
assert b"<h1" in pages.html("start/five-minutes") and b"<h1" in pages.html("project/SECURITY")
assert "What to do" in explain(ErrorCode.UNKNOWN_ERROR)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def test_the_documentation_is_in_the_wheel_and_shown_from_there(
    wheel: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as files:
        names = set(files.namelist())
        files.extractall(tmp_path)

    pages = {str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")}
    assert {f"shared/documentation/{name}" for name in pages | set(AT_ROOT)} <= names
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}){_RENDER}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
