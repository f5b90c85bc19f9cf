"""How this process keeps memory that it has freed.

glibc gives each thread an arena of its own, and lets each keep what the largest photos needed there: sixteen threads
kept two gigabytes of which nothing was used. Pixels come in few large pieces, so threads hardly wait for each other.
"""

from __future__ import annotations

import ctypes

#: Of <malloc.h>.
_M_ARENA_MAX = -8
_ARENAS = 2


def share_arenas() -> None:
    """Let all threads share two arenas; to be called before they start. Other C libraries have nothing like it."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)
