from __future__ import annotations

from datetime import timedelta

import pytest

from shared.errors import DatabaseUnavailable
from tests.clock import Seconds
from worker.jobs.database_retry import retry_while_away

LEASE = timedelta(seconds=30)


class Outage:
    """A database that is away for some seconds, and the clock by which it is."""

    def __init__(self, seconds: float) -> None:
        self.clock = Seconds()
        self.end = seconds

    def sleep(self, seconds: float) -> None:
        self.clock.now += seconds

    def write(self) -> float:
        """Tell how long after the outage this came through."""
        if self.clock.now < self.end:
            raise DatabaseUnavailable("down")
        return self.clock.now - self.end


@pytest.mark.parametrize("seconds", [0, 0.05, 1, 3, 9, 16, 17, 29])
def test_what_an_outage_holds_up_is_written_within_two_seconds_of_its_end(seconds: float) -> None:
    outage = Outage(seconds)

    assert retry_while_away(outage.write, LEASE, outage.clock, outage.sleep) <= 2


def test_what_an_outage_holds_up_for_longer_than_a_lease_is_left_to_another_attempt() -> None:
    outage = Outage(40)

    with pytest.raises(DatabaseUnavailable):
        retry_while_away(outage.write, LEASE, outage.clock, outage.sleep)

    assert 30 < outage.clock.now <= 32
