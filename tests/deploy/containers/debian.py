"""What comes from Debian: the packages that run containers, and the base that the images are built on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

_PACKAGES = (
    "podman",
    "buildah",
    "runc",
    "mmdebstrap",
    "netavark",
    "aardvark-dns",
    "iptables",
    "uidmap",
)
_SUITE = "trixie"
#: As Debian's own small image leaves out.
_LEFT_OUT = ("doc", "info", "man", "locale", "lintian")
_KEPT = ("doc/*/copyright",)
#: As it has apt leave nothing behind.
_CLEAN = """
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
"""
_APT_SECONDS = 300


def install_podman() -> None:
    """See that podman is there, or skip the test that asks."""
    if os.geteuid():
        pytest.skip("containers are run as root")
    if shutil.which("apt-get") is None:
        pytest.skip("no apt-get: podman and mmdebstrap come as Debian's packages")
    if _are_installed(_PACKAGES):
        return
    install = ["apt-get", "install", "-qq", "--no-install-recommends", *_PACKAGES]
    for command in (["apt-get", "update", "-qq"], install):
        _try(command, "podman cannot be installed here")


def make_base(tarball: Path) -> None:
    """Make the root of a small Debian, as `debian:trixie-slim` is one; skip the test where no mirror answers."""
    exclude = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _LEFT_OUT]
    include = [f"--dpkgopt=path-include=/usr/share/{name}" for name in _KEPT]
    clean = tarball.with_name("clean.conf")
    clean.write_text(_CLEAN)
    _try(
        [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            "--include=ca-certificates",
            '--aptopt=Apt::Install-Recommends "false"',
            *exclude,
            *include,
            f"--customize-hook=copy-in {clean} /etc/apt/apt.conf.d",
            '--customize-hook=rm -f "$1"/var/cache/apt/*.bin',
            _SUITE,
            str(tarball),
            _mirror(),
        ],
        "no base can be made here",
    )


def _mirror() -> str:
    """Ask apt for the mirror that it takes Debian's packages from."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)", "Created-By: Packages"],
        check=False,
        capture_output=True,
        text=True,
    )
    for line in listed.stdout.splitlines():
        origin, _, address = line.partition(" ")
        if origin == "Debian" and "security" not in address:
            return address
    pytest.skip("apt knows no mirror of Debian")


def _are_installed(packages: Sequence[str]) -> bool:
    looked = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${db:Status-Status}\n", *packages],
        check=False,
        capture_output=True,
        text=True,
    )
    return looked.stdout.splitlines() == ["installed"] * len(packages)


def _try(command: Sequence[str], what_else: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            timeout=_APT_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{what_else}: {command[0]} took longer than {_APT_SECONDS} s")
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()[-1]
        pytest.skip(f"{what_else}: {last}")
