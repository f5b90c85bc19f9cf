"""Runs what a round is made of; what fails does not stop the rest of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from shared.errors import Unavailable
from shared.telemetry.logs import get_logger
from worker.sweeper.metrics import FAILURES

_log = get_logger(__name__)

Thing = TypeVar("Thing")


def run_steps(failed: str, *steps: Callable[[], bool]) -> bool:
    """Run every step once; one whose store is away is counted, logged, and left to the next round.

    Args:
        failed: What the log calls it.
        steps: What there is to do; each tells whether there is more of it.

    Returns:
        Whether there is more to do at once.

    Raises:
        ExceptionGroup: Some failed for another reason; all others were run.
    """

    def run(step: Callable[[], bool]) -> bool:
        try:
            return step()
        except Unavailable as error:
            FAILURES.labels(step.__name__.lstrip("_")).inc()
            _log.warning(failed, step=step.__name__, reason=str(error))
            return False

    return do_each(run, steps)


def do_each(do: Callable[[Thing], bool], things: Iterable[Thing]) -> bool:
    """Do something with each; one at which it fails for an unforeseen reason does not hold up the others.

    Returns:
        Whether `do` said of any that there is more to do at once.

    Raises:
        Unavailable: By `do`; no further one is tried.
        ExceptionGroup: What else it failed with.
    """
    is_more, errors = False, []
    for thing in things:
        try:
            is_more |= do(thing)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - raised below
            errors.append(error)
    if errors:
        raise ExceptionGroup("not all could be done", errors)
    return is_more
