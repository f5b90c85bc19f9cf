from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from worker.webhooks.schedule import DELAYS, delay_after

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def delay(tries: int, retry_after: str = "", chance: float = 0.0) -> timedelta | None:
    return delay_after(tries, retry_after, NOW, lambda: chance)


def test_ten_tries_are_made_within_four_days() -> None:
    assert [delay(tries) for tries in range(1, 11)] == [*DELAYS, None]
    assert sum(DELAYS, timedelta(0)) < timedelta(days=4)


def test_what_failed_together_does_not_come_back_together() -> None:
    assert delay(1, chance=0.5) == 5.25 * SECOND


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [
        ("120", 120 * SECOND),
        ("1", 5 * SECOND),
        ("-1", 5 * SECOND),
        ("soon", 5 * SECOND),
        ("9" * 5000, 24 * HOUR),
        ("Thu, 26 Nov 2026 13:00:00 GMT", HOUR),
        ("Thu, 26 Nov 2020 13:00:00 GMT", 5 * SECOND),
        ("Thu, 26 Nov 2026 13:00:00", 5 * SECOND),
    ],
)
def test_a_receiver_may_ask_for_more_time_up_to_a_day(
    retry_after: str, expected: timedelta
) -> None:
    assert delay(1, retry_after) == expected
