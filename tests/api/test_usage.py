"""What a tenant has used, as it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import ErrorCode
from tests.api.conftest import FrontEnd
from tests.api.envelope_check import assert_error, assert_success

TODAY = datetime.now(UTC).date()


def usage(front_end: FrontEnd, **days: str) -> dict[str, Any]:
    query = {name.strip("_"): text for name, text in days.items()}
    answer = front_end.client().get("/v1/usage", query_string=query, headers=front_end.headers)
    data: dict[str, Any] = assert_success(answer, task_status=2)["data"]
    return data


def test_usage_is_told_by_day_and_in_all_and_is_nobody_elses(front_end: FrontEnd) -> None:
    done, _ = front_end.submit(), front_end.submit()
    lease = front_end.claim(done).lease
    front_end.clock.advance(seconds=1.5)
    assert front_end.services.job_store.complete(lease, {}, None, 2_400_000)
    front_end.clock.advance(days=1)
    front_end.submit()

    told = usage(front_end, from_="2026-11-01", to="2026-11-30")

    first, second = told["days"]
    assert (told["from"], told["to"]) == ("2026-11-01", "2026-11-30")
    assert first == {
        "accepted": 2,
        "done": 1,
        "failed": 0,
        "cancelled": 0,
        "megapixels": 2.4,
        "worker_seconds": 1.5,
        "day": "2026-11-23",
    }
    assert (second["day"], second["accepted"]) == ("2026-11-24", 1)
    assert (told["total"]["accepted"], told["total"]["megapixels"]) == (3, 2.4)
    front_end.headers = front_end.key_for("rival")
    assert usage(front_end, from_="2026-11-01", to="2026-11-30")["days"] == []


def test_without_a_word_the_last_thirty_days_are_told(front_end: FrontEnd) -> None:
    told = usage(front_end)

    assert told["to"] in {str(TODAY), str(TODAY + timedelta(days=1))}
    assert usage(front_end, to="2026-11-30")["from"] == "2026-11-01"


@pytest.mark.parametrize(
    "days",
    [
        {"from": "yesterday"},
        {"from": "2026-02-30"},
        {"from": ""},
        {"to": "2026-11-23T00:00:00Z"},
        {"from": "2026-11-24", "to": "2026-11-23"},
        {"from": "2020-01-01", "to": "2026-11-23"},
        {"to": "0001-01-01"},
    ],
)
def test_days_that_cannot_be_are_a_400_that_names_them(
    front_end: FrontEnd, days: dict[str, str]
) -> None:
    answer = front_end.client().get("/v1/usage", query_string=days, headers=front_end.headers)

    body = assert_error(answer, 400, ErrorCode.ERROR_INVALID_PARAMETER)
    assert any(f"`{name}`" in body["error_msg"] for name in days)
