"""The settings of one installation in a file: what `make run` leaves, and `cutwork-admin --environment` takes.

A line is `NAME=value`, quoted as a shell reads it, and exports nothing: the next `make run` in a shell that has read it
would take its own servers for servers of the user's.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from shared.errors import Misconfigured
from shared.settings.settings import PREFIX


def as_text(environment: Mapping[str, str]) -> str:
    """Write all CUTWORK_ variables down."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in _ours(environment).items())


def read(file: Path) -> dict[str, str]:
    """Read what was written down.

    Raises:
        Misconfigured: This is no such file.
    """
    try:
        words = [word.partition("=") for word in shlex.split(file.read_text(encoding="utf-8"))]
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file} cannot be read: {error}") from None
    if not all(name.startswith(PREFIX) and equals for name, equals, _ in words):
        raise Misconfigured(f"{file} holds something else than lines of {PREFIX}NAME=value")
    return {name: value for name, _, value in words}


@contextmanager
def taken_from(file: Path) -> Iterator[None]:
    """Let these be all CUTWORK_ variables for a while, and none of the shell's.

    Raises:
        Misconfigured: There is no such file.
    """
    settings, outside = read(file), _ours(os.environ)
    _put(outside, settings)
    try:
        yield
    finally:
        _put(settings, outside)


def _ours(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in sorted(environment.items()) if name.startswith(PREFIX)}


def _put(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for name in old:
        os.environ.pop(name, None)
    os.environ.update(new)
