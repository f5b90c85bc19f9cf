"""Every block of code in the documentation does what it says, on a real installation, or says why it is not tried.

The blocks of a page run in their order: those for a shell, and those in Python, as one script; those in JavaScript as a
module each, because they name their constants alike.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright._impl._driver import compute_driver_executable
from pydantic import SecretStr

from deploy.environment_file import as_text
from deploy.local.servers.ports import free_port
from shared.documents import ROOT
from shared.settings.settings import Settings
from shared.sql.database import Database
from shared.tenants.api_key import Scope, Terms
from shared.tenants.key_store import KeyStore
from tests.end_to_end.installation import Installation, environment_of
from tests.house.blocks import blocks_of
from tests.webhook_receiver import SECRET

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

#: Node comes with Playwright's wheel.
NODE = compute_driver_executable()[0]
COMMANDS = {
    "sh": ["bash", "-euo", "pipefail", "-c"],
    "python": [sys.executable, "-c"],
    "js": [NODE, "--input-type=module", "--eval"],
}
#: What the text before a block speaks of, and no block makes.
GIVEN_IN_PYTHON = """
import json, os
given = json.loads(os.environ["GIVEN"])
ids, task, tag, known, items = (given[name] for name in ("ids", "task", "tag", "known", "items"))
"""
GIVEN_IN_JS = """
import * as fs from "node:fs";
Object.assign(globalThis, JSON.parse(process.env.GIVEN));
Object.assign(globalThis, process.env);
Object.assign(globalThis, { url: CUTWORK_URL, key: CUTWORK_KEY, adminKey: ADMIN_KEY });
globalThis.input = { files: [await fs.openAsBlob("photo.jpg")] };
globalThis.openAsBlob = fs.openAsBlob;
"""
GIVEN = {"sh": "", "python": GIVEN_IN_PYTHON, "js": GIVEN_IN_JS}


class Reader:
    """Somebody with a key who has sent photos, and tries what a page says."""

    def __init__(self, installation: Installation, settings: Settings, photo: bytes) -> None:
        self._url, self._photo = installation.url, photo
        with closing(Database(settings.database_url)) as database:
            _, self._key = KeyStore(database).create("shop", Terms(scopes=frozenset(Scope)))
        self._environment = {
            **environment_of(settings),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "CUTWORK_URL": installation.url,
            "CUTWORK_KEY": self._key,
            "ADMIN_KEY": self._key,
            "RECEIVER_PORT": settings.outgoing_ports,
        }
        self._installation = as_text(environment_of(settings))

    def run(self, page: Path, language: str, folder: Path) -> Iterator[str]:
        """Run a page's blocks in this language; what those said that failed."""
        folder.mkdir(parents=True)
        (folder / "photo.jpg").write_bytes(self._photo)
        # As `make run` leaves it.
        (folder / ".cutwork").mkdir()
        (folder / ".cutwork" / "environment").write_text(self._installation)
        blocks = [block.code for block in blocks_of(page, language) if not block.reason]
        for code in blocks if language == "js" else ["\n".join(blocks)] if blocks else []:
            yield from self._run(code, language, folder)

    def _run(self, code: str, language: str, folder: Path) -> Iterator[str]:
        done = subprocess.run(
            [*COMMANDS[language], GIVEN[language] + code],
            cwd=folder,
            env={**self._environment, **self._given_for(code)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0 or re.search(r'"error_code": ?[45]', done.stdout):
            yield done.stdout

    def _given_for(self, code: str) -> Mapping[str, str]:
        # An upload that no job names would be left.
        item = {"upload": self._upload(), "reference": "SKU-4711"} if "items" in code else {}
        first, second = self._given["ids"]
        given = json.dumps({**self._given, "items": [item]})
        return {"GIVEN": given, "TASK": first, "FIRST": first, "SECOND": second}

    @cached_property
    def _given(self) -> dict[str, Any]:
        ids = [self._submit() for _ in range(2)]
        shown = self._ask("GET", f"/v1/jobs/{ids[0]}?wait=30")
        made = self._ask("POST", "/v1/keys", json={"name": "plug-in"}).json()["data"]
        return {
            "ids": ids,
            "task": ids[0],
            "tag": shown.headers["ETag"],
            "known": shown.json(),
            "id": made["key"]["id"],
        }

    def _submit(self) -> str:
        answer = self._ask("POST", "/v1/jobs", files={"image": self._photo})
        return str(answer.json()["task_id"])

    def _upload(self) -> str:
        form: dict[str, Any] = self._ask("POST", "/v1/uploads").json()["data"]
        sent = httpx.post(form["url"], data=form["fields"], files={"file": self._photo})
        assert sent.is_success
        return str(form["upload"])

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._key}"}
        answer = httpx.request(method, self._url + path, headers=headers, timeout=60, **more)
        assert answer.is_success, answer.text
        return answer


@pytest.fixture
def changes() -> Mapping[str, Any]:
    """An installation that uploads may pass by, and that may call one port of this machine."""
    return {
        "direct_uploads": True,
        "webhook_secrets": SecretStr(SECRET),
        "outgoing_ports": str(free_port()),
        "outgoing_allowed_networks": "127.0.0.1/32",
    }


@pytest.mark.timeout(300)
def test_every_block_that_its_page_does_not_mark_runs(
    installation: Installation, settings: Settings, photo: bytes, tmp_path: Path
) -> None:
    installation.start_real_worker()  # type: ignore[attr-defined]
    reader = Reader(installation, settings, photo)

    said = {
        f"{page}, {language}": text
        for page in PAGES
        for language in COMMANDS
        for text in reader.run(page, language, tmp_path / page.relative_to(ROOT) / language)
    }

    answers = {str(file): json.loads(file.read_text()) for file in tmp_path.rglob("*.json")}
    assert {name: it for name, it in answers.items() if it["error_code"]} == {}
    assert not said, "\n\n".join(f"{where}:\n{text}" for where, text in said.items())
    cutout = tmp_path / "docs/start/five-minutes.md/sh/cutout.png"
    assert cutout.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("language", "least"), [("sh", 5), ("python", 5), ("js", 3)])
def test_enough_pages_have_blocks_that_run(language: str, least: int) -> None:
    """Else the other test would hold nothing."""
    assert sum(any(not it.reason for it in blocks_of(page, language)) for page in PAGES) >= least
