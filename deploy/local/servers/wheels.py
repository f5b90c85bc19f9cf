"""Where the wheels that bring a server have put it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def folder_of(package: str) -> Path:
    """Find an installed package without importing it: its Python layer may want more than we do.

    Raises:
        FileNotFoundError: It is not installed.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            f"{package} is not installed; `make run` and `make test` install it"
        )
    return Path(spec.origin).parent
