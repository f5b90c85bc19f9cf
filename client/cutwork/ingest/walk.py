"""Finds the files of a folder, and writes them into the ledger. Links to folders are not followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import IO, NamedTuple

from cutwork.errors import Unusable
from cutwork.ingest.ledger import Ledger
from cutwork.ingest.photos import START, is_named_like_one, starts_like_one

_AT_ONCE = 500

_UPSERT = """
INSERT INTO inputs (path, stem, size, changed, walk, state, code, message) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET
    state = iif(size = excluded.size AND changed = excluded.changed, state, excluded.state),
    photo = iif(size = excluded.size AND changed = excluded.changed, photo, NULL),
    code = iif(size = excluded.size AND changed = excluded.changed, code, excluded.code),
    message = iif(size = excluded.size AND changed = excluded.changed, message, excluded.message),
    size = excluded.size, changed = excluded.changed, stem = excluded.stem, walk = excluded.walk
"""


class Input(NamedTuple):
    """A file, as the table has it."""

    path: bytes
    stem: bytes
    size: int
    #: Nanoseconds.
    changed: int
    walk: int
    state: str
    code: str = ""
    message: str = ""


class Choice(NamedTuple):
    """Which files of a folder are meant. A file that matches both lists is excluded."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def has(self, path: bytes) -> bool:
        """Tell whether a file is one of them."""
        name = os.fsdecode(path)
        if any(_matches(name, pattern) for pattern in self.exclude):
            return False
        return not self.include or any(_matches(name, pattern) for pattern in self.include)


def walk(
    ledger: Ledger, folder: bytes, paths: Iterable[bytes], number: int, seen: Callable[[int], None]
) -> None:
    """Write files into the ledger. A file that has changed since the last walk counts as new.

    Args:
        ledger: The ledger.
        folder: Where they lie.
        paths: Their names below it.
        number: Of this walk.
        seen: Called now and then with the number of files so far.
    """
    count, page = 0, []
    for path in paths:
        page.append(_look(folder, path, number))
        count += 1
        if len(page) == _AT_ONCE:
            _write(ledger, page)
            seen(count)
            page = []
    _write(ledger, page)
    seen(count)


def paths_in(folder: bytes, out: bytes, choice: Choice) -> Iterator[bytes]:
    """Find all files below a folder that are not hidden; what lies in `out` is no input."""
    folders = [b""]
    without = _identity(out)
    while folders:
        inner = folders.pop()
        try:
            with os.scandir(os.path.join(folder, inner) if inner else folder) as entries:
                for entry in entries:
                    if entry.name.startswith(b"."):
                        continue
                    path = os.path.join(inner, entry.name)
                    if not entry.is_dir(follow_symlinks=False):
                        if choice.has(path):
                            yield path
                    elif _identity(entry.path) != without:
                        folders.append(path)
        except OSError:
            if not inner:
                raise
            yield inner  # It cannot be read; the report will say so.


def paths_from(listed: IO[bytes], end: bytes) -> Iterator[bytes]:
    """Read names from a list, each followed by `end`."""
    rest = b""
    while chunk := listed.read(64 * 1024):
        *names, rest = (rest + chunk).split(end)
        yield from (_checked(name) for name in names if name)
    if rest:
        yield _checked(rest)


def _look(folder: bytes, path: bytes, number: int) -> Input:
    stem = os.path.splitext(path)[0]
    whole = os.path.join(folder, path)
    try:
        found = os.stat(whole)
        is_file = stat.S_ISREG(found.st_mode)
        is_photo = is_file and (is_named_like_one(path) or _starts_like_one(whole))
    except OSError as error:
        return Input(path, path, 0, 0, number, "failed", "UNREADABLE", str(error.strerror))
    if not is_file:
        return Input(
            path, path, 0, 0, number, "skipped", "", "No file, but a link to a folder, say."
        )
    if not is_photo:
        return Input(path, path, 0, 0, number, "skipped", "", "No picture.")
    return Input(path, stem, found.st_size, found.st_mtime_ns, number, "new")


def _starts_like_one(path: bytes) -> bool:
    with open(path, "rb") as file:
        return starts_like_one(file.read(START))


def _write(ledger: Ledger, page: list[Input]) -> None:
    if page:
        with ledger.change() as rows:
            rows.executemany(_UPSERT, page)


def _identity(path: bytes) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _matches(name: str, pattern: str) -> bool:
    """A pattern without a slash is about the file's name alone."""
    return fnmatchcase(name if "/" in pattern else name.rpartition("/")[2], pattern)


def _checked(name: bytes) -> bytes:
    """Keep a list from leading out of the folder."""
    path = os.path.normpath(name)
    if os.path.isabs(path) or path.split(os.sep.encode())[0] == b"..":
        raise Unusable(f"{os.fsdecode(name)!a} does not lie below the folder.")
    return path
