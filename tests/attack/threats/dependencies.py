"""A package that is not the one that was locked."""

from __future__ import annotations

import re
import tempfile
import zipfile
from pathlib import Path

from tests.attack.attempt import Attempt, hold
from tests.attack.target import ROOT, Target

THREAT = "a changed dependency"

_REQUIREMENT = re.compile(
    r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(\S+)", re.MULTILINE | re.IGNORECASE
)
_INSTALL = (
    "install",
    "--require-hashes",
    "--no-index",
    "--no-deps",
    "--dry-run",
    "--quiet",
)


def every_version_is_locked_by_its_hash(_: Target) -> str:
    count = 0
    locks = sorted((ROOT / "deploy" / "locks").glob("*.txt"))
    for lock in locks:
        blocks = re.split(r"\n(?=\S)", lock.read_text())
        requirements = [block for block in blocks if _REQUIREMENT.match(block)]
        hold(bool(requirements), f"{lock.name} locks nothing")
        bare = [block.split()[0] for block in requirements if "--hash=sha256:" not in block]
        loose = [
            block.split()[0]
            for block in blocks
            if block[:1].isalpha() and not _REQUIREMENT.match(block)
        ]
        hold(not bare and not loose, f"{lock.name}: {', '.join(bare + loose)}")
        count += len(requirements)
    return f"{count} lines of {len(locks)} locks, each with hashes"


def a_package_with_another_hash_is_not_installed(target: Target) -> str:
    with tempfile.TemporaryDirectory() as folder:
        wheel = Path(folder, "locked-1-py3-none-any.whl")
        with zipfile.ZipFile(wheel, "w") as file:
            file.writestr("locked.py", "raise SystemExit('run')")
            file.writestr(
                "locked-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: locked\nVersion: 1\n"
            )
            file.writestr("locked-1.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            file.writestr("locked-1.dist-info/RECORD", "")
        lock = Path(folder, "lock.txt")
        lock.write_text(f"locked==1 --hash=sha256:{'0' * 64}\n")
        done = target.run("pip", *_INSTALL, "--find-links", folder, "-r", str(lock), check=False)
    hold(done.returncode != 0, "pip installs it")
    hold("DO NOT MATCH THE HASHES" in done.stderr, f"pip says {done.stderr[-200:]!r}")
    return "pip refuses it"


ATTEMPTS: tuple[Attempt, ...] = (
    every_version_is_locked_by_its_hash,
    a_package_with_another_hash_is_not_installed,
)
