"""Front end, worker and sweeper on a root that is read-only but for an empty /tmp, as in a hardened container."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from deploy.local.processes.process import Process
from deploy.local.servers.postgres import Postgres
from shared.settings.settings import Settings
from tests.conditions import eventually
from tests.end_to_end.client import post
from tests.fault.conftest import on_postgres
from tests.fault.site import Site

_ROOT = Path(__file__).parents[2]
#: In a mount namespace of its own: every mount as it is, but not to be written.
_SEAL = """
mount --make-rprivate / && mount --rbind / /mnt && mount -t tmpfs none /mnt/tmp || exit 9
mount -o remount,ro,bind /mnt || exit 9
root=$1; shift
exec chroot /mnt sh -c 'cd "$0" && exec "$@"' "$root" "$@"
"""


def sealed(command: list[str]) -> list[str]:
    return ["unshare", "--mount", "sh", "-c", _SEAL, "sh", str(_ROOT), *command]


def can_seal() -> bool:
    if os.geteuid() or shutil.which("unshare") is None:
        return False
    look = ["sh", "-c", "touch /tmp/x && ! touch /usr/x 2> /dev/null && ! touch x 2> /dev/null"]
    return subprocess.run(sealed(look), check=False, capture_output=True).returncode == 0


class SealedSite(Site):
    """An installation of which no process can write anywhere but to /tmp."""

    def _start(self, name: str, command: list[str], **settings: str) -> Process:
        return super()._start(name, sealed(command), **settings)


@pytest.fixture
def sealed_site(settings: Settings, own_postgres: Postgres, tmp_path: Path) -> Iterator[SealedSite]:
    """On PostgreSQL: the file of a SQLite database has no place on such a root."""
    with SealedSite(on_postgres(settings, own_postgres), tmp_path / "site") as site:
        yield site
        site.close_books()


needs_a_seal = pytest.mark.skipif(
    not can_seal(), reason="only root with mount namespaces can seal a root"
)


@needs_a_seal
def test_front_end_worker_and_sweeper_work_on_a_read_only_root(
    sealed_site: SealedSite, photo: bytes
) -> None:
    worker = sealed_site.start_real_worker()

    answer = post(sealed_site.url, photo, cloth_class="tops", task_type="sync")

    assert answer.status_code == 200, answer.text
    assert answer.json()["task_status"] == 2
    sealed_site.end_lifetimes_in(0)
    eventually(lambda: sealed_site.row().status == "expired")
    worker.stop(30)
    assert worker.return_code == 0
    assert "Read-only file system" not in sealed_site.logs()
    assert "Traceback" not in sealed_site.logs()


@needs_a_seal
@pytest.mark.parametrize("program", ["worker", "worker.sweeper", "deploy.admin"])
def test_what_finds_no_database_on_a_read_only_root_says_so_in_one_line(program: str) -> None:
    """No CUTWORK_DATABASE_URL: it would be a file below the working directory."""
    outside: Mapping[str, str] = {k: v for k, v in os.environ.items() if "CUTWORK_" not in k}
    arguments = ["setup"] if program == "deploy.admin" else []

    ended = subprocess.run(
        sealed([sys.executable, "-m", program, *arguments]),
        check=False,
        cwd=_ROOT,
        env=outside,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert "cutwork-admin setup" in ended.stderr or "set CUTWORK_DATABASE_URL" in ended.stderr
