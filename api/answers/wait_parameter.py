"""The `wait=<seconds>` parameter: how long a client would like a GET to be held back."""

from __future__ import annotations

import math
from collections.abc import Mapping

from api.intake.options import invalid

NAME = "wait"
#: The longest wait that `?wait=` gets.
MAX_SECONDS = 30.0


def read_wait(query: Mapping[str, str]) -> float:
    """Read the seconds; 0 if there are none.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    try:
        seconds = float(query.get(NAME) or 0)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise invalid(f"`{NAME}` must be a number of seconds from 0 to {MAX_SECONDS:g}.")
    return min(seconds, MAX_SECONDS)
