"""A release's code in a folder of its own: today's, and that of the release before."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from deploy.local.processes.process import Process
from shared.settings.settings import Settings
from tests.end_to_end.installation import environment_of, outside

_ROOT = Path(__file__).parents[3]
_MIGRATIONS = "migrations/versions"
#: A row of what `cutwork-admin settings` prints.
_SETTING = re.compile(r"^\| `(CUTWORK_\w+)`", re.MULTILINE)
_SECONDS = 120


@dataclass(frozen=True)
class Release:
    """Code that processes are started of; all of them run in this Python, with today's dependencies."""

    name: str
    tree: Path

    def run(self, arguments: Sequence[str], settings: Settings | None = None) -> str:
        """Run a Python program of it to its end, which must be a good one; return what it printed."""
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.tree,
            env=self._own if settings is None else self.environment(settings),
            check=False,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
        assert ended.returncode == 0, f"{self.name}: {ended.stderr}"
        return ended.stdout

    def process(self, name: str, command: Sequence[str], log: Path, settings: Settings) -> Process:
        """Describe a process of it."""
        environment = {**self.environment(settings), "PYTHONUNBUFFERED": "1"}
        return Process(name, command, output=log, environment=environment, directory=self.tree)

    def environment(self, settings: Settings) -> Mapping[str, str]:
        """Write settings down as variables: those that it knows, since it refuses all others."""
        wanted = environment_of(settings)
        return {**self._own, **{name: wanted[name] for name in wanted.keys() & self._known}}

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(_SETTING.findall(self.run(["-m", "deploy.admin", "settings"])))

    @property
    def _own(self) -> dict[str, str]:
        # Before what is installed, which may be a link to another tree.
        return {**outside(), "PYTHONPATH": str(self.tree)}


def this_release() -> Release:
    """Take the code that the tests belong to."""
    return Release("this release", _ROOT)


def release_before(folder: Path, commit: str = "") -> Release | None:
    """Unpack the code of the release before into a folder; None if there is no history of it.

    Args:
        folder: Need not be there yet.
        commit: What to take for it. Empty: the newest tag behind this commit, or, without tags, the last commit whose
            schema is older than today's.
    """
    commit = commit or _find_commit()
    archive = _git("archive", "--format=tar", commit) if commit else b""
    if not archive:
        return None
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return Release(f"the release before ({commit[:12]})", folder)


def _find_commit() -> str:
    tag = _git("describe", "--tags", "--abbrev=0", "HEAD^").decode().strip()
    if tag:
        return tag
    newest = _git("log", "-1", "--diff-filter=A", "--format=%H", "--", _MIGRATIONS).decode().strip()
    # Of a clone that is cut off there the parent is not known.
    return _git("rev-parse", "--verify", f"{newest}^").decode().strip() if newest else ""


def _git(*arguments: str) -> bytes:
    """Ask git; nothing if there is none, no repository, or no answer."""
    try:
        return subprocess.run(
            ["git", "-C", str(_ROOT), *arguments], check=True, capture_output=True, timeout=_SECONDS
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return b""
