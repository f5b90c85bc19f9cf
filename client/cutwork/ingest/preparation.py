"""Before anything is sent: is it the right folder, what is in it, and would two inputs write one picture?"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, NamedTuple

from cutwork.errors import Unusable
from cutwork.ingest.clashes import Pairs, find_clashes
from cutwork.ingest.ledger import FOLDER, Ledger
from cutwork.ingest.photos import MAX_BYTES
from cutwork.ingest.walk import Choice, paths_from, paths_in, walk
from cutwork.names import between, readable
from cutwork.options import Options, as_options

#: Of ledgers. In a folder that was begun with the first, the first form stands in no picture's name.
_FIRST, _NOW = "1", "2"


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
    ledger: Ledger,
    source: Source,
    out: Path,
    options: Options,
    *,
    seen: Callable[[int], None],
    warn: Callable[[str], None],
) -> int:
    """Write all inputs into the ledger, and give the walk that did its number.

    Args:
        ledger: The ledger.
        source: Where inputs come from.
        out: Where pictures go.
        options: What they shall be.
        seen: Is told how many inputs there are, now and then.
        warn: Is told what need not be wrong.

    Raises:
        Unusable: The ledger is of something else, or two inputs would write one picture.
    """
    _check_facts(ledger, source, options)
    number = int(ledger.fact("walk", "0")) + 1
    ledger.set_fact("walk", str(number))
    walk(ledger, os.fsencode(source.folder), source.paths(out), number, seen)
    _check_names(ledger, number, out, options, warn)
    return number


def plain_form(ledger: Ledger, options: Options) -> str:
    """Name the form that stands in no picture's name: there is one in a folder that an earlier release began."""
    return options.shown[0] if ledger.fact("version", _NOW) == _FIRST else ""


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


def no_photos(source: Source, skipped: int) -> str:
    """Say that a walk saw no photo, and what it looked for."""
    others = f", but {skipped:,} other files" if skipped else ""
    chosen = source.listed is not None or any(source.choice)
    left = ", and so is what --include, --exclude or --files-from leave out" if chosen else ""
    return (
        f"No photos in {readable(source.folder)}{others}. Looked for are files that end in .jpg, .jpeg, .png or "
        f".bmp, and all that begin as these do; hidden ones are passed over{left}."
    )


def _check_facts(ledger: Ledger, source: Source, options: Options) -> None:
    if ledger.fact("version", _NOW) not in {_FIRST, _NOW}:
        raise Unusable("A newer cutwork wrote the ledger in OUT: use that one.")
    wanted = json.dumps(options.fields(), sort_keys=True)
    written = ledger.fact("options", wanted)
    if written != wanted:
        raise Unusable(
            f"OUT was begun {_with(written)}, and now it is to go on {_with(wanted)}. Give the options of then, or "
            "name another --out for other pictures."
        )
    folder = json.dumps(str(source.folder.resolve()))
    if source.has_moved:
        ledger.set_fact("folder", folder)
    written = ledger.fact("folder", folder)
    if written != folder:
        raise Unusable(
            f"OUT holds pictures of another folder, {written}. If that one has moved, say `--moved`."
        )


def _check_names(
    ledger: Ledger, number: int, out: Path, options: Options, warn: Callable[[str], None]
) -> None:
    parts = between(options.classes, options.shown, plain_form(ledger, options))
    everywhere, elsewhere = find_clashes(ledger, number, parts)
    if everywhere:
        raise Unusable(f"These would write one picture; nothing was sent:{_shown(everywhere)}")
    if not elsewhere:
        return
    if _ignores_case(out):
        raise Unusable(
            "These would write one picture, since OUT takes capitals and small letters for the same; nothing was sent:"
            f"{_shown(elsewhere)}"
        )
    warn(
        "The names of these differ in nothing but capitals. Where they are copied to Windows or macOS, one picture "
        f"takes the place of the other:{_shown(elsewhere)}"
    )


def _ignores_case(out: Path) -> bool:
    """Tell whether a file is found under its name in capitals: the ledger's is in small letters."""
    return (out / FOLDER / "LEDGER.SQLITE3").exists()


def _with(fields: str) -> str:
    """Say, in the command's own words, what the ledger has as fields of the form."""
    options = as_options(json.loads(fields))
    return f"with `{options}`" if options else "without options for pictures"


def _shown(pairs: Pairs) -> str:
    return "".join(f"\n  {_name(one)}  and  {_name(other)}" for one, other in pairs)


def _name(path: bytes) -> str:
    return readable(os.fsdecode(path))
