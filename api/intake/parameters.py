"""The parameters of a URL: each is read once, since two values would be two answers to one question.

Lists, and bodies in JSON, refuse what they do not know: a filter that is misspelt would be one that is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict

from api.intake.options import invalid

#: Of a name that nobody knows.
_SHOWN = 64


def refuse_others(sent: Iterable[str], known: Collection[str]) -> None:
    """Let pass what has no other names than these.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    if others := sorted(set(sent) - set(known)):
        names = ", ".join(f"`{name}`" for name in sorted(known))
        raise invalid(f"`{others[0][:_SHOWN]}` is not known here. There are {names}.")


class Parameters(ImmutableMultiDict[str, str]):
    """What was sent. What nobody asks for may stand there as often as it likes."""

    def __getitem__(self, name: str) -> str:
        """Read one.

        Raises:
            Refused: ERROR_INVALID_PARAMETER: it was sent with different values.
        """
        if len(set(self.getlist(name))) > 1:
            raise invalid(f"`{name}` was sent with different values. Send it once.")
        return super().__getitem__(name)


class Received(Request):
    """A request whose `args` are these, so that no route has to think of it."""

    parameter_storage_class = Parameters
