"""What a new key is asked for, as a JSON object. Every name must be known: a misspelt quota would be none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from api.intake.callbacks import Callbacks
from api.intake.options import invalid
from api.intake.parameters import refuse_others
from shared.settings.settings import Settings
from shared.tenants.api_key import LONGEST_NAME, OF_OPERATORS, USUAL, Scope, Terms, fault_of_name

#: Seconds: a minute to a hundred years.
SHORTEST, LONGEST = 60, 100 * 365 * 24 * 3600
#: Seconds that a key still opens which another one follows.
MAX_OVERLAP, OVERLAP = 30 * 24 * 3600, 24 * 3600
LARGEST = 2**31 - 1

#: What an administrator may give.
SCOPES = tuple(scope for scope in Scope if scope not in OF_OPERATORS)
_NAMES = frozenset(
    {"name", "scopes", "expires_in", "rate_per_minute", "max_queued", "callback_url"}
)


def read_terms(body: Mapping[str, Any], settings: Settings, callbacks: Callbacks) -> Terms:
    """Read what a key is to be.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    refuse_others(body, _NAMES)
    seconds = _number(body, "expires_in", SHORTEST, LONGEST)
    terms = Terms(
        name=_name(body),
        scopes=_scopes(body),
        valid_for=None if seconds is None else timedelta(seconds=seconds),
        rate_per_minute=_number(body, "rate_per_minute", 1, LARGEST),
        max_queued=_number(body, "max_queued", 1, LARGEST),
        callback_url=callbacks.check(_text(body, "callback_url")),
    )
    check_quotas(terms.rate_per_minute, terms.max_queued, settings)
    return terms


def read_overlap(body: Mapping[str, Any]) -> timedelta:
    """Read how long a key still opens which another one follows.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    refuse_others(body, frozenset({"overlap"}))
    seconds = _number(body, "overlap", 0, MAX_OVERLAP)
    return timedelta(seconds=OVERLAP if seconds is None else seconds)


def check_quotas(rate: int | None, queued: int | None, settings: Settings) -> None:
    """See that a key's quotas hold within its tenant's; or a tenant could make keys and send without end.

    Raises:
        Refused: ERROR_INVALID_PARAMETER.
    """
    most = settings.rate_per_minute or LARGEST
    if (rate or 0) > most or (queued or 0) > settings.max_queued_per_tenant:
        raise invalid(
            f"Your account has `rate_per_minute` {most} and `max_queued` {settings.max_queued_per_tenant}. "
            "Keys with more are made by the operator."
        )


def _text(body: Mapping[str, Any], name: str) -> str:
    text = body.get(name)
    if not isinstance(text, str | None):
        raise invalid(f"`{name}` must be a text.")
    return text or ""


def _name(body: Mapping[str, Any]) -> str:
    name = _text(body, "name")
    if len(name) > LONGEST_NAME:
        raise invalid(f"`name` must have at most {LONGEST_NAME} characters.")
    if fault := fault_of_name(name):
        raise invalid(f"`name` must have {fault}.")
    return name


def _scopes(body: Mapping[str, Any]) -> frozenset[Scope]:
    words = body.get("scopes", sorted(USUAL))
    known = [str(scope) for scope in SCOPES]
    if not isinstance(words, list) or not words or not all(word in known for word in words):
        raise invalid(f"`scopes` must be a list of some of {', '.join(known)}.")
    return frozenset(Scope(word) for word in words)


def _number(body: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    number = body.get(name)
    if number is None:
        return None
    # Python's `True` is a whole number; JSON's 60.0 is 60.
    is_whole = isinstance(number, int) or (isinstance(number, float) and number.is_integer())
    if not is_whole or isinstance(number, bool) or not least <= number <= most:
        raise invalid(f"`{name}` must be a whole number from {least} to {most}.")
    return int(number)
