"""Inputs that would write one picture: found before anything is sent."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from cutwork.ingest.ledger import Ledger

#: More than these nobody reads.
_MOST = 10

Pairs = list[tuple[bytes, bytes]]


class Clashes(NamedTuple):
    """Pairs of inputs, a few of each kind."""

    #: Both would write one picture, everywhere.
    everywhere: Pairs
    #: Only where capitals and small letters are the same, as on most disks of Windows and macOS.
    where_case_is_ignored: Pairs


def find_clashes(ledger: Ledger, walk: int, between: Iterable[str]) -> Clashes:
    """Look at the inputs that a walk saw.

    Args:
        ledger: The ledger.
        walk: Its number.
        between: What can stand between the stems of two photos that would write one picture, such as `.tops`.
    """
    parts = [part.encode() for part in between]
    with _names(ledger, walk):
        everywhere = _pairs(ledger, "stem", parts)
        return Clashes(everywhere, [] if everywhere else _pairs(ledger, "folded", parts))


@contextmanager
def _names(ledger: Ledger, walk: int) -> Iterator[None]:
    """Keep a table of the stems, and of what is left of them on a disk that ignores case."""
    with ledger.change() as rows:
        rows.create_function("fold", 1, _fold, deterministic=True)
        rows.execute(
            "CREATE TEMP TABLE names AS SELECT path, stem, fold(stem) AS folded FROM inputs "
            "WHERE walk = ? AND state != 'skipped'",
            (walk,),
        )
        rows.execute("CREATE INDEX temp.names_by_stem ON names (stem)")
        rows.execute("CREATE INDEX temp.names_by_folded ON names (folded)")
    try:
        yield
    finally:
        with ledger.change() as rows:
            rows.execute("DROP TABLE names")


def _fold(stem: bytes) -> bytes:
    return os.fsencode(unicodedata.normalize("NFC", os.fsdecode(stem).casefold()))


def _pairs(ledger: Ledger, name: str, parts: Iterable[bytes]) -> Pairs:
    """Find pairs of which one's name is the other's and one of the parts."""
    found: Pairs = []
    for part in parts:
        rows = ledger.ask(
            f"SELECT a.path, b.path FROM names b JOIN names a "  # noqa: S608 (a column of ours)
            f"ON a.{name} = substr(b.{name}, 1, length(b.{name}) - ?1) "
            f"WHERE substr(b.{name}, length(b.{name}) - ?1 + 1) = ?2 AND (?1 > 0 OR a.path < b.path) LIMIT ?3",
            len(part),
            part,
            _MOST,
        )
        found += [(one, other) for one, other in rows]
    return found[:_MOST]
