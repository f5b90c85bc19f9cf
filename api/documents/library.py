"""Which files can be read at which address, and where a link between two of them leads."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from shared.documents import AT_ROOT, FOLDER, ROOT

HOME = "/docs"
#: The page that is made of the OpenAPI document.
ROUTES = "api"
INDEX = "README.md"
PICTURES: Mapping[str, str] = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
_PAGE = ".md"


@cache
def find_files() -> Mapping[str, Path]:
    """Map each name below `/docs/` to its file; the index has none, and a page no suffix."""
    return {_name_of(file): file for file in _files()}


def address_of(file: Path) -> str:
    """Tell where a file can be read."""
    name = _name_of(file)
    return f"{HOME}/{name}" if name else HOME


def resolve(page: Path, target: str) -> str | None:
    """Tell where a link of a page leads, as a path of this service or as it stands; None: to nothing that is here."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not parts.path:
        return target
    folder = page.relative_to(ROOT).parent.as_posix()
    file = ROOT / posixpath.normpath(posixpath.join(folder, parts.path))
    if file not in find_files().values():
        return None
    return address_of(file) + (f"#{parts.fragment}" if parts.fragment else "")


def _files() -> Iterator[Path]:
    suffixes = {_PAGE, *PICTURES}
    yield from (file for file in sorted(FOLDER.rglob("*")) if file.suffix in suffixes)
    yield from (ROOT / name for name in AT_ROOT if (ROOT / name).is_file())


def _name_of(file: Path) -> str:
    if file.is_relative_to(FOLDER):
        name = file.relative_to(FOLDER).as_posix()
    else:
        name = f"project/{file.relative_to(ROOT).as_posix()}"
    return "" if name == INDEX else name.removesuffix(_PAGE)
