"""The parameters of a URL: each is read once, since two values would be two answers to one question."""

from __future__ import annotations

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict

from api.intake.options import invalid


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
