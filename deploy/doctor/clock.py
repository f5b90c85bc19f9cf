"""Clocks: whether another machine tells the same time as this one."""

from __future__ import annotations

from deploy.doctor.finding import Finding, fine, wrong

#: The most by which two clocks may differ: URLs that are signed for a day lose or gain that.
_MOST_SECONDS = 5.0


def compare_clocks(whose: str, ahead: float, *, grain: float = 0.0) -> Finding:
    """Judge a clock.

    Args:
        whose: What runs by it.
        ahead: Seconds by which it is ahead of this machine's.
        grain: Seconds that it tells no finer than.
    """
    if abs(ahead) <= _MOST_SECONDS + grain:
        return fine("clock", f"{whose} and this machine tell the same time")
    way = "ahead of" if ahead > 0 else "behind"
    seen = f"the {whose}'s clock is {abs(ahead):.0f} s {way} this machine's"
    cure = "let both follow the same time server (NTP): result URLs are 403 otherwise"
    return wrong("clock", seen, cure)
