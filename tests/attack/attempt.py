"""What an attempt is: a function that attacks a target, and says what it saw."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from tests.attack.target import Target

#: Attacks, and returns what it saw; raises `NotHeld` if it got what it should not have.
Attempt = Callable[[Target], str]


class NotHeld(Exception):
    """Raised by an attempt that succeeded; its text is what was seen."""


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt."""

    threat: str
    attempt: str
    seen: str
    held: bool
    seconds: float


def hold(held: bool, seen: str) -> None:
    """Go on if the defence held.

    Raises:
        NotHeld: It did not.
    """
    if not held:
        raise NotHeld(seen)


def make(threat: str, attempt: Attempt, target: Target) -> Outcome:
    """Make an attempt. One that breaks has shown nothing, and counts as not held."""
    began = time.monotonic()
    held = False
    try:
        seen = attempt(target)
        held = True
    except NotHeld as error:
        seen = str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the next attempt is made
        where = traceback.extract_tb(error.__traceback__)[-1]
        seen = f"broke off: {error!r} at {where.filename.rpartition('/')[2]}:{where.lineno}"
    return Outcome(threat, attempt.__name__, seen, held, time.monotonic() - began)
