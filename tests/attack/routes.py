"""All routes that an installation says it has: what is tried on each of them is tried on those of tomorrow too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tests.attack.target import Target

UNKNOWN = "00000000-0000-4000-8000-000000000000"
_DOCUMENT = "/openapi.json"


class _Ids(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return UNKNOWN


class Route(NamedTuple):
    """A method of a path."""

    method: str
    path: str
    #: What a key needs for it; empty: nothing.
    scope: str

    @property
    def names(self) -> frozenset[str]:
        """What stands in braces."""
        return frozenset(part.partition("}")[0] for part in self.path.split("{")[1:])

    def at(self, **ids: str) -> str:
        """Fill the path in; what is not named is an id that nothing has."""
        return self.path.format_map(_Ids(ids))


def routes_of(target: Target) -> Sequence[Route]:
    """Read the OpenAPI document."""
    paths = target.get(f"{target.url}{_DOCUMENT}").raise_for_status().json()["paths"]
    return [
        Route(method.upper(), path, _scope_of(operation["security"]))
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]


def _scope_of(security: Sequence[dict[str, Sequence[str]]]) -> str:
    """Each line is a way to send a key, and all of them say the same."""
    return next((scope for way in security for them in way.values() for scope in them), "")
