"""Whose minutes an upload counts in: its tenant's, and those of its key where that has a rate of its own.

A key's own rate holds within its tenant's. Only the operator can make one that is higher: that key then has its minutes
for itself. So who may make keys of a tenant cannot add to what the tenant may send.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.admission.rate_limiter import Count, RateLimiter
from shared.errors import ErrorCode, TryLater
from shared.tenants.api_key import Caller


@dataclass(frozen=True)
class Rate:
    """The nearest limit that an upload has, and how much of it is left."""

    per_minute: int
    #: None: nobody counts.
    count: Count | None


def count_upload(limiter: RateLimiter, caller: Caller) -> Rate:
    """Count an upload wherever it counts; of several limits, the one of which the least is left is told."""
    own = caller.rate_per_minute
    if own is None:
        return Rate(limiter.per_minute, limiter.hit(caller.tenant))
    # No tenant's name begins with a space.
    rate = Rate(own, limiter.hit(f" {caller.key_id}", own))
    is_within = own <= limiter.per_minute
    if not is_within or (rate.count is not None and not rate.count.passes):
        return rate
    return min(
        rate,
        Rate(limiter.per_minute, limiter.hit(caller.tenant)),
        key=_left,
    )


def check_rate(rate: Rate) -> None:
    """Let an upload pass that its limits let pass.

    Raises:
        TryLater: EXCEEDING_LIMITS.
    """
    if rate.count is not None and not rate.count.passes:
        raise TryLater(
            ErrorCode.EXCEEDING_LIMITS,
            f"Your account may upload {rate.per_minute} photos a minute with this key. "
            "Please send this one again later.",
            rate.count.seconds,
        )


def _left(rate: Rate) -> float:
    if rate.count is None:
        return float("inf")
    return rate.count.remaining if rate.count.passes else -1
