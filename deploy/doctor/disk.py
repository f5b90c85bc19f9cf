"""The disks of this machine that Cutwork writes to."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deploy.doctor.finding import Finding, fine, wrong
from shared.settings.settings import Settings
from shared.sql.engine import parse_url

#: Some hundred uploads that wait, and a write-ahead log.
_LEAST_BYTES = 10**9
_SQLITE = "sqlite"


def look_at_disks(settings: Settings) -> Iterator[Finding]:
    """Look at each folder's."""
    folders = {"uploads that are received": Path(tempfile.gettempdir())}
    url = parse_url(settings.database_url)
    if url.get_backend_name() == _SQLITE and url.database:
        folders["the database"] = Path(url.database).parent
    for what, folder in folders.items():
        if folder.exists():
            yield _look(what, folder)


def _look(what: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    seen = f"{free / 1e9:.1f} GB are free in {folder}, for {what}"
    if free < _LEAST_BYTES:
        return wrong("disk", seen, "make room, or take a larger disk")
    return fine("disk", seen)
