"""Numbers as people read them: few digits, and a unit."""

from __future__ import annotations

import math

_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_LETTER_FROM = 10_000
_WHOLE_FROM = 100
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0
_CENT = 0.01


def count(number: float) -> str:
    """Three digits: 7, 0.12, 1,230, 34.7 M."""
    if number and abs(number) < _LETTER_FROM:
        return _short(number)
    for step, letter in _STEPS:
        if number >= step:
            return f"{_short(number / step)} {letter}"
    return "0"


def size(number: float) -> str:
    """Bytes: 830 kB, 1.2 TB."""
    for step, letter in _STEPS:
        if number >= step:
            return f"{_short(number / step)} {letter}B"
    return f"{number:.0f} B"


def duration(seconds: float) -> str:
    """Seconds: 0.3 s, 48 s, 12 min, 3 h, 5 days."""
    if math.isinf(seconds):
        return "for ever"
    if seconds < 2 * _MINUTE:
        return f"{_short(seconds)} s"
    if seconds < 2 * _HOUR:
        return f"{_short(seconds / _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"{_short(seconds / _HOUR)} h"
    return f"{_short(seconds / _DAY)} days"


def dollars(amount: float) -> str:
    """Money: $0.083, $58.50, $1,240."""
    if abs(amount) >= _LETTER_FROM:
        return f"${amount:,.0f}"
    return (
        f"${amount:,.2f}" if abs(amount) >= _CENT * _WHOLE_FROM or not amount else f"${amount:.3f}"
    )


def share(part: float) -> str:
    """A share of one, in percent."""
    return f"{part * 100:.0f} %" if part * 100 >= 1 or not part else f"{part * 100:.1g} %"


def _short(number: float) -> str:
    """Three digits, and no more noughts than needed."""
    if abs(number) >= _WHOLE_FROM:
        return f"{number:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(number)))) if number else 0
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
