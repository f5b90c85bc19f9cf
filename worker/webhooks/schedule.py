"""When a delivery is tried again: as the specification of Standard Webhooks says."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
#: Between a try that failed and the next one.
DELAYS = (
    *(5 * _SECOND, 5 * _MINUTE, 30 * _MINUTE),
    *(2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR),
)
#: At most this share is added at random, so that deliveries that failed together do not come back together.
_JITTER = 0.1
_LONGEST = DELAYS[-1]


def delay_after(
    tries: int,
    retry_after: str,
    now: datetime | None,
    chance: Callable[[], float] = random.random,
) -> timedelta | None:
    """Say how long to wait before the next try; None: there is no next one.

    Args:
        tries: How many have failed.
        retry_after: What the receiver asks for, in seconds or as a date; it makes no try come sooner.
        now: The time, for a date; None: dates are passed over.
        chance: From 0 to 1.
    """
    if tries > len(DELAYS):
        return None
    asked = min(_read(retry_after, now), _LONGEST)
    return max(DELAYS[tries - 1], asked) * (1 + _JITTER * chance())


def _read(retry_after: str, now: datetime | None) -> timedelta:
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        # The number is too large for a duration: any long time will do.
        return timedelta(seconds=int(text[:9]))
    if now is None:
        return timedelta(0)
    try:
        return max(parsedate_to_datetime(text) - now, timedelta(0))
    except (TypeError, ValueError, OverflowError):
        return timedelta(0)
