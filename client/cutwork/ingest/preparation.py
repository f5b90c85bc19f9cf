"""Before anything is sent: is it the right folder, what is in it, and would two inputs write one picture?"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from typing import IO, NamedTuple

from cutwork.errors import Unusable
from cutwork.ingest.ledger import Ledger
from cutwork.ingest.photos import MAX_BYTES
from cutwork.ingest.walk import Choice, collisions, paths_from, paths_in, walk
from cutwork.names import readable
from cutwork.options import Options

_VERSION = "1"


class Source(NamedTuple):
    """Where inputs come from."""

    folder: Path
    choice: Choice = Choice()
    #: A list of their names; None: all that lies in the folder.
    listed: IO[bytes] | None = None
    #: What ends a name in the list.
    end: bytes = b"\n"
    #: Whether the folder may lie elsewhere than it did.
    has_moved: bool = False

    def paths(self, out: Path) -> Iterable[bytes]:
        """Name them."""
        if self.listed is not None:
            return filter(self.choice.has, paths_from(self.listed, self.end))
        return paths_in(os.fsencode(self.folder), os.fsencode(out), self.choice)


class Stock(NamedTuple):
    """What a walk saw."""

    #: Pictures, and what cannot be read.
    total: int
    size: int
    done: int
    failed: int
    skipped: int

    @property
    def left(self) -> int:
        """How many are neither done nor failed."""
        return self.total - self.done - self.failed


def check_folders(folder: Path, out: Path) -> None:
    """See that no picture can be taken for an input.

    Raises:
        Unusable: It can.
    """
    inner, outer = folder.resolve(), out.resolve()
    if inner == outer:
        raise Unusable("FOLDER and OUT are one folder: pictures would be taken for inputs.")
    if inner.is_relative_to(outer):
        raise Unusable("FOLDER lies in OUT: pictures could be written over inputs.")


def take_stock(
    ledger: Ledger, source: Source, out: Path, options: Options, seen: Callable[[int], None]
) -> int:
    """Write all inputs into the ledger, and give the walk that did its number.

    Raises:
        Unusable: The ledger is of something else, or two inputs would write one picture.
    """
    _check_facts(ledger, source, options)
    number = int(ledger.fact("walk", "0")) + 1
    ledger.set_fact("walk", str(number))
    walk(ledger, os.fsencode(source.folder), source.paths(out), number, seen)
    pairs = collisions(ledger, number, _suffixes(options))
    if pairs:
        shown = "".join(f"\n  {_name(one)}  and  {_name(other)}" for one, other in pairs[:10])
        raise Unusable(f"These would write one picture; nothing was sent:{shown}")
    return number


def stock(ledger: Ledger, number: int) -> Stock:
    """Count what a walk saw."""
    [row] = ledger.ask(
        "SELECT sum(state != 'skipped'), sum(iif(state != 'skipped', size, 0)), sum(state = 'done'), "
        "sum(state = 'failed'), sum(state = 'skipped') FROM inputs WHERE walk = ?",
        number,
    )
    return Stock(*(count or 0 for count in row))


def too_large(ledger: Ledger, number: int) -> int:
    """Count what will be refused for its size."""
    [(count,)] = ledger.ask(
        "SELECT count(*) FROM inputs WHERE walk = ? AND state = 'new' AND (size > ? OR size = 0)",
        number,
        MAX_BYTES,
    )
    return int(count)


def _check_facts(ledger: Ledger, source: Source, options: Options) -> None:
    if ledger.fact("version", _VERSION) != _VERSION:
        raise Unusable("A newer cutwork wrote the ledger in OUT: use that one.")
    wanted = json.dumps(options.fields(), sort_keys=True)
    written = ledger.fact("options", wanted)
    if written != wanted:
        raise Unusable(f"OUT holds pictures with other options, {written}: take another folder.")
    folder = json.dumps(str(source.folder.resolve()))
    if source.has_moved:
        ledger.set_fact("folder", folder)
    written = ledger.fact("folder", folder)
    if written != folder:
        raise Unusable(
            f"OUT holds pictures of another folder, {written}. If that one has moved, say `--moved`."
        )


def _suffixes(options: Options) -> list[bytes]:
    """List what names may have behind their stem, beside nothing."""
    # The first form stands in no name.
    pairs = product(("", *options.classes), ("", *options.forms[1:]))
    names = (".".join(part for part in pair if part) for pair in pairs)
    return [f".{name}".encode() for name in names if name]


def _name(path: bytes) -> str:
    return readable(os.fsdecode(path))
