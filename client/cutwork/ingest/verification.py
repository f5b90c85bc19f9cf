"""Whether every picture of the ledger is in OUT, with the bytes that were written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from cutwork.ingest.ledger import Ledger


class Flaw(StrEnum):
    """What is wrong with a file."""

    MISSING = "missing"
    CHANGED = "changed"


class Finding(NamedTuple):
    """A picture, and what is wrong with it."""

    path: bytes
    #: None: it is as it was written.
    flaw: Flaw | None


def findings(ledger: Ledger, out: Path) -> Iterator[Finding]:
    """Look at every picture that was written."""
    for path, size, sha256 in ledger.pages(
        "SELECT path, size, sha256 FROM outputs WHERE path > ? ORDER BY path"
    ):
        yield Finding(path, _flaw_of(out / os.fsdecode(path), size, sha256))


def write_anew(ledger: Ledger, path: bytes) -> None:
    """Make the next run do the input of a picture once more."""
    with ledger.change() as rows:
        rows.execute(
            "UPDATE inputs SET state = 'new' WHERE path = (SELECT input FROM outputs WHERE path = ?)",
            (path,),
        )


def _flaw_of(path: Path, size: int, sha256: bytes) -> Flaw | None:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != size:
                return Flaw.CHANGED
            seen = hashlib.file_digest(file, "sha256").digest()
    except FileNotFoundError:
        return Flaw.MISSING
    return None if seen == sha256 else Flaw.CHANGED
