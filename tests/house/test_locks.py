"""A program needs no more than its lock installs: who imports what at its start is read from the source, not run."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"api", "deploy", "migrations", "shared", "training", "worker"}
#: A lock → the modules that are started where nothing else is installed.
STARTED = {
    "api": ("api.wsgi", "deploy.admin"),
    "worker-cpu": ("worker.__main__", "worker.sweeper.__main__", "deploy.admin"),
    "training": ("training.train", "training.evaluate", "training.export", "training.variants"),
}


def imports_of(module: str) -> Iterator[str]:
    """Name what a module of ours imports when it is imported itself, in full."""
    folder = ROOT.joinpath(*module.split("."))
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    if not file.exists():
        return
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages_needed_by(modules: tuple[str, ...]) -> set[str]:
    """Name the top-level packages of others that these modules, and those that they import, cannot do without."""
    seen, waiting = set[str](), list(modules)
    while waiting:
        module = waiting.pop()
        if module not in seen and module.partition(".")[0] in OURS:
            waiting += imports_of(module)
        seen.add(module)
    return {name.partition(".")[0] for name in seen} - OURS - sys.stdlib_module_names


def names_in(lock: str) -> set[str]:
    text = (ROOT / "deploy" / "locks" / f"{lock}.txt").read_text()
    return {_plain(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", sorted(STARTED))
def test_what_a_program_imports_at_its_start_is_in_its_lock(lock: str) -> None:
    known, installed = packages_distributions(), names_in(lock)

    missing = {
        package
        for package in packages_needed_by(STARTED[lock])
        if not {_plain(name) for name in known.get(package, [package])} & installed
    }

    assert not missing
