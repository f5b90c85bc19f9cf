"""Runs the steps of a round; one that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Callable

from shared.errors import Unavailable
from shared.telemetry.logs import get_logger
from worker.sweeper.metrics import FAILURES

_log = get_logger(__name__)


def run_steps(failed: str, *steps: Callable[[], bool]) -> bool:
    """Run every step once; one whose store is away is counted, logged, and left to the next round.

    Args:
        failed: What the log calls it.
        steps: What there is to do; each tells whether there is more of it.

    Returns:
        Whether there is more to do at once.
    """
    is_more = False
    for step in steps:
        try:
            is_more |= step()
        except Unavailable as error:
            FAILURES.labels(step.__name__.lstrip("_")).inc()
            _log.warning(failed, step=step.__name__, reason=str(error))
    return is_more
