"""When a number is a bad one, and which page says what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from shared.documents import address_of_error
from shared.errors import CATALOGUE, ErrorCode
from shared.jobs.backlog import Backlog
from shared.jobs.overseeing import Failures
from shared.messaging.broker import Duty
from shared.operations.fleet import Seen

#: A photo that waits for longer is one that somebody misses.
OLD = timedelta(minutes=5)
#: Of so many photos one may fail by our fault.
_ONE_IN = 100
_OUR_FAULT = 500
_TROUBLE = "/docs/guides/troubleshooting"


class Alarm(NamedTuple):
    """One of them."""

    #: The number that is bad.
    about: str
    #: What is wrong, in a sentence.
    message: str
    #: The page that says what to do.
    help_at: str


def find_alarms(
    backlog: Backlog,
    failures: Failures,
    fleet: Sequence[Seen] | None,
    missed: Mapping[Duty, float | None],
    patience: float,
) -> Iterator[Alarm]:
    """Look at all numbers.

    Args:
        backlog: What waits.
        failures: How jobs ended lately.
        fleet: The workers; None: Redis does not answer.
        missed: A duty → how many seconds ago it was done; None: nobody knows.
        patience: Seconds after which a duty is missed.
    """
    if fleet is None:
        yield Alarm("redis", "Redis does not answer.", f"{_TROUBLE}#503-and-readyz-is-not-200")
    else:
        yield from _of_fleet(fleet)
        yield from _of_duties(missed, patience)
    if backlog.oldest_age > OLD:
        waited = f"A photo has waited for {backlog.oldest_age.total_seconds() / 60:.0f} minutes."
        yield Alarm("oldest", waited, f"{_TROUBLE}#jobs-wait-for-minutes")
    for code, count in failures.by_code.items():
        if is_ours(code) and count * _ONE_IN > failures.ended:
            many = f"{count} of {failures.ended} photos failed with {code}."
            yield Alarm("failures", many, address_of_error(code))


def is_ours(code: ErrorCode) -> bool:
    """Whether an error is no fault of the photo's, or of who sent it."""
    return CATALOGUE[code].http_status >= _OUR_FAULT


def _of_fleet(fleet: Sequence[Seen]) -> Iterator[Alarm]:
    silent = sum(it.is_silent for it in fleet)
    if silent == len(fleet):
        yield Alarm("workers", "No worker says a word.", f"{_TROUBLE}#no-worker-or-no-sweeper-runs")
    elif silent:
        lost = f"{silent} of {len(fleet)} workers say nothing any more."
        yield Alarm("workers", lost, f"{_TROUBLE}#no-worker-or-no-sweeper-runs")


def _of_duties(missed: Mapping[Duty, float | None], patience: float) -> Iterator[Alarm]:
    for duty, seconds in missed.items():
        if seconds is None or seconds > patience:
            since = (
                "Nobody knows of any" if seconds is None else f"{seconds:.0f} s ago was the last"
            )
            yield Alarm(
                "sweeper",
                f"{since} round of {duty.name.lower()}.",
                f"{_TROUBLE}#no-worker-or-no-sweeper-runs",
            )
