"""How long and how often a job may be tried, and the error when that is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from shared.settings.settings import Settings

ATTEMPTS_SPENT = "The job was tried as often as it may be, and did not finish."
DEADLINE_PASSED = "The job could not be started in time. Please submit it again."


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long and how often a job may be tried."""

    lease: timedelta
    max_attempts: int
    deadline: timedelta


def limits_of(settings: Settings) -> Limits:
    """Take the limits of a job's life from the settings."""
    return Limits(
        lease=timedelta(seconds=settings.lease),
        max_attempts=settings.max_attempts,
        deadline=timedelta(seconds=settings.deadline),
    )
