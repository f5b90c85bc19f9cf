"""Writes the end of an attempt when the database is away: it is tried again until the lease has surely run out.

From then on the sweeper gives the job to another attempt as soon as the database is back. Before that nobody would:
a worker that gave up earlier would leave the job to a lease that still runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import chain, repeat
from typing import TypeVar

from shared.errors import DatabaseUnavailable

Answer = TypeVar("Answer")

#: Seconds between tries. The first ones are for short failovers; the last one is how late the end of an outage is seen.
_FIRST_PAUSES = (0.1, 0.2, 0.5, 1)
_PAUSE = 2


def retry_while_away(
    write: Callable[[], Answer],
    lease: timedelta,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Call `write` until it does not raise `DatabaseUnavailable`.

    Args:
        write: May be called again after it failed.
        lease: How long the job is this attempt's after the database has gone.
        clock: Seconds that only grow.
        sleep: Waits so many seconds.

    Raises:
        DatabaseUnavailable: It was away for longer than a lease.
    """
    end = clock() + lease.total_seconds()
    for pause in chain(_FIRST_PAUSES, repeat(_PAUSE)):
        try:
            return write()
        except DatabaseUnavailable:
            if clock() > end:
                raise
        sleep(pause)
    raise AssertionError
